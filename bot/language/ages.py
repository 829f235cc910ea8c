"""Ages that matter: whether a child of whom something is said is under three months."""

import re

_INFANT = re.compile(
    r"(?:才|刚|还不到|不到|没到|将近|差几天)?\s*(?:[一二两12]\s*个?\s*(?:多)?月|[三3]个月)(?:多|不到)?\s*(?:大|的?(?:娃|孩|宝|婴))"
    r"|(?:不到|没到|还没|未满|不满)\s*[三3]\s*个月|刚?满月|未满月|没满月|百天(?:没到|不到)|不到百天"
    r"|(?:出生|生下来|落地)(?:才|刚)?\s*(?:[一二两三四五六七八九十\d]+)\s*(?:天|周|个?礼拜|个?星期)"
    r"|新生儿|月子里的(?:娃|孩|宝)|月窝里?"
)


def says_infant(text: str) -> bool:
    """Whether the words tell of a child under three months (两个月大, 刚满月, 出生二十天)."""
    return bool(_INFANT.search(text))
