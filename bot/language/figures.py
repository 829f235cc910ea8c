"""What begins with a digit or a numeral: numbers, dates, clock times, counts, groups, doors."""

import re

from bot.language.arabic import read_arabic
from bot.language.chinese import read_chinese
from bot.language.numerals import Form
from bot.language.pieces import Pieces, Token
from bot.language.times import clock_at, date_at
from bot.language.words import BIT, mask

# 36.5, 12块: digits with nothing behind them that would make them a date, a door or a count.
BARE = re.compile(
    r"(?:3[3-9]|4[0-4])\.\d(?!\d)|\d{1,2}(?![\d\s.．、):：/／#×*A-Za-z-]"
    r"|[组队屯村社栋号单网大小片巷排年班幢弄里室房户口个人孩娃孙儿闺女宝老崽妮丫外侄月日点时])"
)
CODE = re.compile(
    r"1[3-9][\d×*xX]{9}|\d{2,3}:\d{2,3}(?![\d.])|\d{2,4}-\d{6,8}|\d+(?:-\d+){2,}|\d{1,3}-\d{1,4}(?![\d.°℃度])|\d+[×*]\d*|\d{5,}|\d+[A-Za-z]\d*(?<![CcFf])"
)
PRESSURE = re.compile(r"(\d{2,3})[/／](\d{2,3})(?![\d.])")
INDEX = re.compile(
    r"(\d{1,3})\s?[.、)．:](?=\s*[^\d\s.。,:]|\s+\d{1,3}(?:栋|幢|号|#|单元|-|组|队))|[(]\d{1,3}[)]"
)
INDEX_TIGHT = re.compile(r"\d{1,2}[.、]\s?(?=(?:3[4-9]|4[0-3])[.。])")
FLAT = re.compile(
    r"(?:\d{1,3}(?:号楼|栋|幢|号院|#楼|#)\s?)?(?:\d{1,2}单元\s?)?\d{3,4}(?:室|房|号(?!楼|院)|户|(?![\d.]))"
    r"|\d{1,3}(?:巷|弄|里)\d{1,3}号|\d{1,3}(?:号楼|栋|幢|号院)\s?\d{1,2}单元\s?\d{3,4}(?:室|房|号)?|单元\s?\d{3,4}|\d{1,2}-\d{1,2}-\d{3,4}"
)
GROUP_NO = re.compile(
    r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:组|队|屯|村|社|栋|号楼|单元|网格|大队|小队|片|巷|排|年级|班|号院)(?!长)"
)
COUNT = re.compile(
    r"(?:一家|全家|一家子|家里|家|我们|俺们|咱们|一共|共)?\s?(\d{1,2}|[二两三四五六七八九十]{1,2}|俩|仨)"
    r"\s?(?:口子|口人|口|个人|人)(?!水|饭|汤|粥|药|奶|酒|菜|面|馍|茶|血|痰|罩|气|感|味|腔|温|表|算|才|民|家说)"
)
COUNT_KIN = re.compile(r"(?:\d|[两二三四五]|俩|仨)(?:个)?(?=[孩娃孙儿闺女宝老小崽妮丫外侄])")
LUNAR_OPENING = re.compile(
    "(十[一二三四五六七八九]|二十[一二三四五六七八九]?)(?=早|晚|上午|下午|中午|那天)"
)
AFTER_TENTH = re.compile(
    r"(十[一二三四五六七八九]?|廿[一二三四五六七八九]?|二十[一二三四五六七八九]?)(?=\s?:?\s?[34]\d)"
)
THREE_POINT = re.compile("三点[零一二三四五六七八九]{2}(?![十分])")
AGO = re.compile(
    r"(?:\d{1,2}|[一二两三四五六七八九十几]{1,2})个?[半多]?(?:小时|钟头|分钟|刻钟)[半多]?(?:前|以前|之前)(?![天日])"
)
YEAR = re.compile("[五六七八九零〇][零〇一二三四五六七八九]年(?![级前后纪龄轻])")  # 五八年
MEASURING = mask("temp device verb")
CALENDAR = frozenset("正腊冬阴农旧周星礼初这本上")  # only dates begin so
PEOPLE = frozenset("俩仨全家")  # only counts of people begin so
TENS = frozenset("十二廿")
NUMERAL_HEADS = frozenset("廿零〇一二两三四五六七八九十百千万亿幺") | CALENDAR | PEOPLE


class Figures(Pieces):
    """Reads what begins with a figure."""

    def _digit(self, at: int) -> Token:
        text = self.text
        if ago := AGO.match(text, at):
            return Token("word", ago.group(), at, ago.end(), BIT["link"])
        token = None if BARE.match(text, at) else self._label(at)
        if token is not None:
            return token
        number = read_arabic(text, at, self._is_word)
        return Token("num", number.written, at, number.end, 0, number)

    def _label(self, at: int) -> Token | None:
        """A list number, group, count, date, time, door or code in digits."""
        text = self.text
        fresh = self._fresh()
        if fresh and (m := INDEX.match(text, at) or INDEX_TIGHT.match(text, at)):
            return Token("mark", m.group(), at, m.end())
        flat = FLAT.match(text, at)
        if not flat and (m := GROUP_NO.match(text, at)):
            return Token("group", m.group(), at, m.end())
        if m := COUNT.match(text, at):
            return Token("count", m.group(), at, m.end())
        if m := COUNT_KIN.match(text, at):
            return Token("countkin", m.group(), at, m.end())
        day, end = date_at(text, at, self.sent_on, fresh)
        if end > at and not (day is not None and day < -14 and text[at:end][-1] in "号日"
                             and "月" not in text[at:end]):  # fmt: skip
            return Token("date", text[at:end], at, end, day=day)
        clock, end = clock_at(text, at)
        if end > at:
            return Token("clock", text[at:end], at, end, clock=clock)
        if flat and (len(flat.group()) > 4 or not flat.group().isdigit()):
            return Token("flat", flat.group(), at, flat.end())
        if m := CODE.match(text, at):
            return Token("code", m.group(), at, m.end())
        if (m := PRESSURE.match(text, at)) and int(m[1]) > 45:
            return Token("code", m.group(), at, m.end())
        return None

    def _numeral(self, at: int, size: int, bits: int) -> Token | None:
        """A number, time, count or group in Chinese numerals, where it beats the word."""
        char = self.text[at]
        if ago := AGO.match(self.text, at):
            return Token("word", ago.group(), at, ago.end(), BIT["link"])
        if year := YEAR.match(self.text, at):
            return Token("word", year.group(), at, year.end(), BIT["story"])
        if char in CALENDAR:
            return self._date(at, size)
        counted = self._counted(at, size, bits)
        if counted is not None or char in PEOPLE:
            return counted
        if char in TENS and (day := self._lunar(at)) is not None:
            return day
        return self._date(at, size) or self._clock(at, size, bits) or self._spelled(at, size, bits)

    def _counted(self, at: int, size: int, bits: int) -> Token | None:
        text = self.text
        group = GROUP_NO.match(text, at)
        if group and group.end() - at >= size + bool(bits & ~BIT["common"]):
            return Token("group", group.group(), at, group.end())
        count = COUNT.match(text, at)
        longer = size + bool(bits & ~BIT["common"])
        if count and count.end() - at >= longer and not (size > 1 and bits & BIT["pair"]):
            return Token("count", count.group(), at, count.end())
        common = size <= 1 or bits == BIT["common"]
        if common and (kin := COUNT_KIN.match(text, at)) and kin.end() - at >= size:
            return Token("countkin", kin.group(), at, kin.end())
        return None

    def _lunar(self, at: int) -> Token | None:
        """二十三早上 at the head of a line, 腊月二十八36.5 二十九36.6: days of the lunar month."""
        text, out = self.text, self.out
        day = None
        if not out or out[-1].kind == "line":
            day = LUNAR_OPENING.match(text, at)
        month = "腊月"
        if not day:
            told = [t for t in out[-6:] if t.kind == "date" and not t.text[0].isdigit()]
            day = AFTER_TENTH.match(text, at) if told else None
            month = next((t.text[:2] for t in told if t.text[1:2] == "月"), month)
        if not day:
            return None
        back, _ = date_at(month + day[1], 0, self.sent_on, True)
        return Token("date", day[1], at, day.end(1), day=back)

    def _date(self, at: int, size: int) -> Token | None:
        day, end = date_at(self.text, at, self.sent_on, True)
        if end - at >= max(size, 2):
            return Token("date", self.text[at:end], at, end, day=day)
        return None

    def _clock(self, at: int, size: int, bits: int) -> Token | None:
        if self.out and self.out[-1].bits & MEASURING and THREE_POINT.match(self.text, at):
            return None  # 体温三点六七
        clock, end = clock_at(self.text, at)
        if end - at > size or (end > at and bits == BIT["common"]):
            return Token("clock", self.text[at:end], at, end, clock=clock)
        return None

    def _spelled(self, at: int, size: int, bits: int) -> Token | None:
        number = read_chinese(self.text, at, self._is_word)
        if number is None or number.end - at < size or (size > 1 and number.form is Form.PLAIN):
            return None
        if number.end - at == size and size == 1 and bits:
            return None
        if number.written == "幺":
            return None  # 幺连仲
        return Token("num", number.written, at, number.end, 0, number)
