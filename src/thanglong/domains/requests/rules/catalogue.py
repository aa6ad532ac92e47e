"""The categories of reports: for each its owner, deadline, proof, questions and the words it is guessed from.

Texts are English message ids; ``words`` are what people in Hà Nội write (marks and all; the scorer folds them),
the most telling first.
"""

from thanglong.domains.requests.types import Category, Family, Proof, Question
from thanglong.kit.errors import N_

FAMILIES: dict[Family, str] = {
    Family.LIGHT: N_("Lights, power and cables"),
    Family.GREEN: N_("Trees, parks and animals"),
    Family.WASTE: N_("Rubbish and cleanliness"),
    Family.WATER: N_("Water and drains"),
    Family.ROAD: N_("Roads and pavements"),
    Family.TRAFFIC: N_("Traffic, parking and buses"),
    Family.BUILDING: N_("Building and advertising"),
    Family.LIVING: N_("Noise, food and other matters"),
}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


_YES_NO = (("yes", N_("Yes")), ("no", N_("No")))

# fmt: off
CATEGORIES: tuple[Category, ...] = (
    Category(
        "streetlight", Family.LIGHT, N_("Street light out"),
        N_("A public light is dark, flickers, burns by day, or its pole is damaged."),
        "lamp", "lighting", 48, calendar="always", radius=40, assets=("Streetlight", "StreetlightControlCabinet"),
        words=_words(
            "đèn đường, đèn ngõ, đèn chiếu sáng, cột đèn, bóng đèn, đèn không sáng, đèn tắt, đèn cháy, "
            "đèn hỏng, đèn nhấp nháy, tối om, tối đen, không có ánh sáng, mất đèn, đèn, street light, "
            "streetlight, lamp, lamp is out, dark street"
        ),
        questions=(
            Question("what", N_("What is wrong with the light?"), "singlevaluelist", True, values=(
                ("out", N_("It is dark")), ("flicker", N_("It flickers")), ("day", N_("It burns by day")),
                ("pole", N_("Pole or cover damaged")))),
            Question("pole", N_("Number on the pole, if you can read it"), "string"),
        ),
    ),
    Category(
        "power", Family.LIGHT, N_("Power line in a bad state"),
        N_("A line hangs low, a box is open, a pole leans."),
        "bolt", "power", 24, calendar="always", urgent_hours=2, radius=60,
        words=_words(
            "dây điện, cột điện, trạm biến áp, tủ điện, mất điện, chập điện, hở điện, nổ điện, đường "
            "điện, điện lực, rò điện, electric wire, power line, power cut"
        ),
        questions=(Question("touch", N_("Can somebody touch the line?"), "singlevaluelist", True, values=_YES_NO),),
    ),
    Category(
        "cable", Family.LIGHT, N_("Telecom cables hanging"),
        N_("Cables sag over the road or lie on the pavement."),
        "link", "telecom", 72, radius=60,
        words=_words(
            "cáp viễn thông, dây cáp, cáp quang, dây mạng, dây viễn thông, búi dây, cáp võng, dây thông "
            "tin, dây võng, dây chằng chịt, cable, fibre"
        ),
    ),
    Category(
        "tree", Family.GREEN, N_("Tree broken or leaning"),
        N_("A tree leans, is dead, or its branches hide a sign or touch a line."),
        "park", "trees", 72, urgent_hours=2, radius=40,
        words=_words(
            "cây xanh, cành cây, cây đổ, cây nghiêng, cây chết, gãy cành, cây gãy, cây mục, cây khô, rễ "
            "cây, cắt tỉa, cây sâu, nhánh cây, cây cổ thụ, cây bóng mát, cây, tree, branch"
        ),
        questions=(
            Question("what", N_("What is wrong with the tree?"), "singlevaluelist", True, values=(
                ("fallen", N_("Fallen or broken")), ("leaning", N_("Leaning")), ("dead", N_("Dead")),
                ("prune", N_("Needs cutting")))),
        ),
    ),
    Category(
        "park", Family.GREEN, N_("Park or playground damaged"),
        N_("Benches, toys, toilets, flower beds or gym equipment are broken."),
        "park", "ward", 96, radius=80,
        words=_words(
            "công viên, vườn hoa, ghế đá, sân chơi, đồ chơi, xích đu, cầu trượt, thiết bị tập, bồn hoa, "
            "nhà vệ sinh công cộng, máy tập, hồ nước, park, playground, bench"
        ),
    ),
    Category(
        "animal", Family.GREEN, N_("Stray or dead animal"),
        N_("A dog without lead or muzzle, a dead animal, a nuisance."),
        "heart", "ward", 24, calendar="always", radius=80,
        words=_words(
            "chó thả rông, chó dữ, chó, mèo, chuột, xác động vật, chuột chết, rọ mõm, động vật, chó "
            "cắn, gia cầm, ong, rắn, stray dog, dead animal, dog"
        ),
    ),
    Category(
        "waste", Family.WASTE, N_("Rubbish not collected"),
        N_("Household or building rubbish lies where it should not."),
        "trash", "ward", 24, calendar="always", radius=50,
        words=_words(
            "rác thải, rác, đổ rác, bãi rác, thu gom rác, xe rác, rác ùn ứ, phế thải, xà bần, túi rác, "
            "bốc mùi, đống rác, rác sinh hoạt, vật liệu thải, đổ trộm, rubbish, garbage, trash, litter"
        ),
        questions=(
            Question("what", N_("What kind of rubbish?"), "singlevaluelist", True, values=(
                ("home", N_("Household")), ("rubble", N_("Rubble")), ("bulky", N_("Furniture, mattresses")),
                ("danger", N_("Chemical or medical")))),
            Question("size", N_("About how many cubic metres?"), "number"),
        ),
    ),
    Category(
        "dirt", Family.WASTE, N_("Street or canal dirty"),
        N_("Mud, dust, oil or a stinking ditch."),
        "trash", "ward", 48, radius=80,
        words=_words(
            "bụi bẩn, bùn đất, rơi vãi, dầu loang, vệ sinh môi trường, mùi hôi, ô nhiễm, đốt rác, khói "
            "bụi, mương bẩn, nước thải, kênh, bẩn thỉu, đất cát, hôi thối, dirt, smell, pollution"
        ),
    ),
    Category(
        "flood", Family.WATER, N_("Flooded street or blocked drain"),
        N_("Water stays in the street, a drain is blocked or flows back."),
        "flood", "drainage", 24, calendar="always", urgent_hours=2, radius=80,
        words=_words(
            "ngập, ngập úng, ngập nước, thoát nước, tắc cống, cống tắc, nước dâng, úng nước, miệng "
            "cống, nước không thoát, nước tràn, rãnh thoát, đọng nước, ngập sâu, flood, flooded, drain, "
            "blocked drain"
        ),
        questions=(
            Question("depth", N_("How deep is the water?"), "singlevaluelist", True, values=(
                ("ankle", N_("Up to the ankle")), ("knee", N_("Up to the knee")), ("more", N_("Deeper")))),
        ),
    ),
    Category(
        "manhole", Family.WATER, N_("Manhole or drain cover broken"),
        N_("A cover is broken, missing, or rattles."),
        "manhole", "drainage", 48, calendar="always", urgent_hours=2, radius=40,
        words=_words(
            "hố ga, nắp cống, nắp hố ga, mất nắp, vỡ nắp, nắp ga, nắp kênh, lưới chắn rác, nắp hố, sa "
            "bánh, thụt nắp, hố sâu, cập kênh, manhole, cover missing, drain cover"
        ),
        questions=(
            Question("state", N_("What happened to the cover?"), "singlevaluelist", True, values=(
                ("broken", N_("Broken")), ("missing", N_("Missing")), ("loose", N_("Loose, rattles")))),
        ),
    ),
    Category(
        "water", Family.WATER, N_("Water supply failing"),
        N_("No water, dirty water, or a pipe that leaks in the street."),
        "water", "water", 24, calendar="always", radius=100,
        words=_words(
            "nước sạch, mất nước, vỡ ống, ống nước, rò rỉ nước, nước đục, nước yếu, nước máy, đường "
            "ống, nước sinh hoạt, nước có mùi, cấp nước, đồng hồ nước, water pipe, no water, leak"
        ),
    ),
    Category(
        "pothole", Family.ROAD, N_("Pothole or broken road"),
        N_("A hole, a sunken strip, a crack in the carriageway."),
        "road", "roads", 72, urgent_hours=6, radius=40,
        words=_words(
            "ổ gà, mặt đường, đường hỏng, lún, sụt lún, đường xấu, nứt đường, hố trên đường, bong tróc, "
            "đường lồi lõm, ổ voi, đào đường, hoàn trả mặt đường, nhựa đường, hố, xóc, pothole, road "
            "damage"
        ),
        questions=(Question("lane", N_("Which lane, which direction?"), "string"),),
    ),
    Category(
        "pavement", Family.ROAD, N_("Pavement broken"),
        N_("Slabs are missing or loose, a kerb is broken, a ramp is missing."),
        "tiles", "ward", 96, radius=40,
        words=_words(
            "gạch vỉa hè, vỉa hè hỏng, hè phố vỡ, đá lát, bong gạch, gạch vỡ, bó vỉa, vỉa hè vỡ, hè "
            "đường hỏng, vỉa hè xuống cấp, hè vỡ, lát đá, pavement, sidewalk broken, kerb"
        ),
    ),
    Category(
        "encroachment", Family.ROAD, N_("Pavement occupied"),
        N_("Goods, tables, stalls or parked motorbikes leave no way for people on foot."),
        "people", "ward", 24, radius=50, days=7,
        words=_words(
            "lấn chiếm vỉa hè, lấn chiếm, vỉa hè, bán hàng rong, hàng quán, bày bán, kinh doanh trên "
            "vỉa hè, bàn ghế, chiếm lòng đường, lòng lề đường, để xe trên vỉa hè, không còn lối đi, chợ "
            "cóc, mái che, hè phố, sidewalk blocked, street vendor"
        ),
    ),
    Category(
        "parking", Family.TRAFFIC, N_("Wrong or illegal parking"),
        N_("Vehicles in a no-stopping street, before a gate, or an unlicensed car park."),
        "parking", "ward", 12, calendar="always", urgent_hours=2, radius=50, days=3,
        words=_words(
            "đỗ xe, đậu xe, đỗ ô tô, đỗ sai, dừng đỗ, bãi xe, trông xe, giữ xe, xe đỗ kín, bãi đỗ, chắn "
            "lối đi, đỗ trái phép, trông giữ xe, chặt chém, ô tô đỗ, xe đỗ, chắn cổng, parking, parked "
            "car"
        ),
        questions=(Question("plate", N_("Number plate (never published)"), "string"),),
    ),
    Category(
        "signal", Family.TRAFFIC, N_("Traffic light faulty"),
        N_("A traffic light is dark, stuck, or its times do not fit."),
        "signal", "traffic", 12, calendar="always", urgent_hours=2, radius=60, assets=("TrafficSignal",),
        words=_words(
            "đèn tín hiệu, đèn giao thông, đèn xanh đỏ, đèn đỏ, đèn xanh, đèn tín hiệu giao thông, đèn "
            "đếm, thời gian đèn, cột tín hiệu, ngã tư không có đèn, traffic light, signal"
        ),
        questions=(
            Question("what", N_("What is wrong with the traffic light?"), "singlevaluelist", True, values=(
                ("dark", N_("It is dark")), ("stuck", N_("It is stuck")), ("times", N_("Times do not fit")),
                ("turned", N_("Turned or hidden")))),
        ),
    ),
    Category(
        "sign", Family.TRAFFIC, N_("Sign or road marking"),
        N_("A sign is fallen, hidden, wrong; a marking is worn off."),
        "flag", "roads", 96, radius=40,
        words=_words(
            "biển báo, biển chỉ dẫn, vạch kẻ đường, vạch sơn, biển giao thông, cọc tiêu, gương cầu, "
            "biển tên phố, gờ giảm tốc, dải phân cách, lan can, hộ lan, vạch mờ, biển cấm, sign, road "
            "marking"
        ),
    ),
    Category(
        "bus", Family.TRAFFIC, N_("Bus or bus stop"),
        N_("A bus skips a stop, drives dangerously, or a shelter is broken."),
        "bus", "bus", 72, radius=60,
        words=_words(
            "xe buýt, xe bus, nhà chờ, điểm dừng, bến xe, tuyến buýt, lái xe buýt, bỏ bến, phụ xe, trạm "
            "chờ, bus, bus stop, shelter"
        ),
        questions=(Question("route", N_("Which line, at what time?"), "string"),),
        proof=Proof.PHOTO_OR_DOCUMENT,
    ),
    Category(
        "construction", Family.BUILDING, N_("Building without permission"),
        N_("A house grows without permit, on public ground, or a site is unsafe."),
        "works", "ward", 120, radius=60, days=60, proof=Proof.PHOTO_OR_DOCUMENT, coarse=True,
        words=_words(
            "xây dựng trái phép, xây nhà, không phép, sai phép, công trình, cơi nới, xây dựng, đổ trần, "
            "lấn đất, giấy phép xây dựng, vật liệu xây dựng, giàn giáo, thi công, xây chui, phá dỡ, "
            "construction, building site"
        ),
        questions=(Question("since", N_("When did the work begin?"), "datetime"),),
    ),
    Category(
        "advert", Family.BUILDING, N_("Illegal advertising"),
        N_("Stickers, banners and painted telephone numbers on walls and poles."),
        "image", "ward", 72, radius=60,
        words=_words(
            "quảng cáo, rao vặt, tờ rơi, dán quảng cáo, khoan cắt bê tông, biển quảng cáo, băng rôn, tờ "
            "dán, sơn vẽ bậy, vẽ bậy, tin dụng đen, cho vay, dán giấy, advert, sticker, graffiti"
        ),
    ),
    Category(
        "noise", Family.LIVING, N_("Noise"),
        N_("Karaoke, building noise or machines, at night above all."),
        "megaphone", "ward", 12, calendar="always", radius=150, days=7, proof=Proof.PHOTO_OR_DOCUMENT, coarse=True,
        words=_words(
            "tiếng ồn, karaoke, loa kéo, loa kẹo kéo, hát to, nhạc to, ồn ào, khoan đục, mở nhạc, gây "
            "ồn, ầm ĩ, không ngủ được, loa phóng thanh, quán nhậu, ồn, noise, loud music"
        ),
        questions=(Question("when", N_("At what times is it loud?"), "text", True),),
    ),
    Category(
        "food", Family.LIVING, N_("Food hygiene"),
        N_("Dirty kitchen, spoiled or unlabelled food, suspected poisoning."),
        "shield", "food", 48, radius=60, proof=Proof.PHOTO_OR_DOCUMENT,
        words=_words(
            "an toàn thực phẩm, vệ sinh thực phẩm, thực phẩm bẩn, ngộ độc, đồ ăn, quán ăn, thức ăn ôi, "
            "bếp ăn, thịt ôi, hết hạn sử dụng, mất vệ sinh, hàng ăn, giết mổ, food, restaurant, "
            "poisoning"
        ),
    ),
    Category(
        "other", Family.LIVING, N_("Something else"),
        N_("Whatever fits nowhere else; the ward will pass it on."),
        "dots", "ward", 120, radius=50, proof=Proof.PHOTO_OR_DOCUMENT, words=(),
    ),
)

# fmt: on
_BY_KEY = {item.key: item for item in CATEGORIES}


def category(key: str) -> Category | None:
    """The category of a key, or None."""
    return _BY_KEY.get(key)
