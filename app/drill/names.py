"""Names for a drill: invented, plain, and many enough."""


def _pairs(text: str) -> tuple[str, ...]:
    return tuple(text[i : i + 2] for i in range(0, len(text), 2))


SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹"
MEN = _pairs("建国建军德福德贵志强志刚大勇大伟永福永贵广田广财长山长柱海涛海龙文刚文虎小军铁柱")
WOMEN = _pairs("桂芳桂兰秀英秀梅玉兰玉珍淑芬淑琴凤霞凤英春梅春燕丽娟丽娜翠花翠莲红霞红梅小芹巧玲")
BOYS = _pairs("小宝小龙子轩浩宇小强小虎")
GIRLS = _pairs("小燕小玲欣怡梓涵小婷小花")
CADRE_FIRST, CADRE_LAST = "文武明亮平安正义清泉立业守仁", "斌杰磊鑫晨阳浩博恒毅"
VILLAGES = (
    *_pairs("小庄大营下洼东升双庙北沟靠山红旗"),
    *("柳树沟", "榆树台", "石桥子", "何家窝", "南营子", "桃花吐", "二道河", "三道梁", "朝阳坡"),
)
TOWNSHIPS = _pairs("柳河青山平安长兴太平永安")
GROUPS = ("一组", "二组", "三组")
ORIGINS = ("湖北武汉", "湖北黄冈", "湖北孝感", "河南信阳")
