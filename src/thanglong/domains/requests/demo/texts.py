"""What people in Hà Nội write, by category: ``{street}`` and ``{no}`` are filled in. And what officers answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """A category's share of all reports (per cent), what people write, what was done, and by whom."""

    share: float
    said: tuple[str, ...]
    done: tuple[str, ...]
    crew: str


VOICES: dict[str, Voice] = {
    "streetlight": Voice(9, (
        "Đèn đường trước số {no} {street} không sáng ba đêm nay, tối om rất sợ.",
        "Cột đèn đầu ngõ {no} {street} nhấp nháy suốt đêm, nhờ thay bóng giúp.",
        "Cả dãy đèn phố {street} tắt từ tối qua, người già đi lại dễ ngã.",
        "Đèn ngõ {no} {street} sáng cả ban ngày, phí điện quá.",
        "den ngo {no} {street} hong hai tuan nay chua thay",
    ), ("Đã thay bóng LED mới tại cột đèn, đèn sáng ổn định.",
        "Đã sửa tủ điều khiển, cả dãy đèn sáng lại bình thường."),
        "Đội chiếu sáng số 2"),
    "power": Voice(3, (
        "Dây điện trước nhà {no} {street} võng sát đầu người, nguy hiểm quá.",
        "Tủ điện đầu ngõ {no} {street} mở nắp, trẻ em hay chơi gần đó.",
        "Cột điện {street} nghiêng sau trận mưa, đề nghị kiểm tra gấp.",
    ), ("Đã căng lại dây và khóa tủ điện, kiểm tra an toàn.",), "Đội quản lý điện khu vực"),
    "cable": Voice(3, (
        "Búi dây cáp viễn thông võng xuống lòng đường {street}, xe tải hay vướng.",
        "Cáp quang đứt nằm trên vỉa hè trước số {no} {street}.",
    ), ("Đã bó gọn và nâng cáp lên trên 5,5 m.",), "Trung tâm Viễn thông"),
    "tree": Voice(6, (
        "Cây xà cừ trước số {no} {street} nghiêng hẳn ra đường, sợ đổ khi mưa bão.",
        "Cành cây khô ở {street} gãy treo lơ lửng trên đầu người đi bộ.",
        "Cây xanh che khuất biển báo ở {street}, nhờ cắt tỉa.",
        "cay chet kho o so {no} {street} de nghi chat bo",
    ), ("Đã cắt tỉa cành và gia cố gốc cây.", "Đã hạ cây mục và thu dọn hiện trường."), "Xí nghiệp cây xanh số 1"),
    "park": Voice(2, (
        "Ghế đá ở vườn hoa {street} bị vỡ, trẻ em dễ bị thương.",
        "Xích đu sân chơi gần {street} đứt dây đã lâu chưa sửa.",
    ), ("Đã sửa ghế và thiết bị sân chơi.",), "Tổ quản lý công viên"),
    "animal": Voice(2, (
        "Chó thả rông không rọ mõm ở ngõ {no} {street}, trẻ con rất sợ.",
        "Xác chuột chết trên vỉa hè {street} bốc mùi mấy hôm nay.",
    ), ("Đã nhắc chủ nuôi và lập biên bản cam kết.", "Đã thu gom, khử khuẩn vị trí."), "Tổ thú y phường"),
    "waste": Voice(14, (
        "Rác chất đống đầu ngõ {no} {street} bốc mùi, hai ngày chưa ai thu gom.",
        "Có người đổ trộm phế thải xây dựng ở {street} đêm qua.",
        "Xe rác không vào ngõ {no} {street}, túi rác bị chó bới tung.",
        "rac thai un u truoc so {no} {street}, de nghi don gap",
        "Bãi rác tự phát cạnh trường học trên {street}, học sinh đi qua phải bịt mũi.",
    ), ("Đã thu gom toàn bộ rác, phun chế phẩm khử mùi.", "Đã dọn phế thải và đặt biển cấm đổ rác."), "Tổ môi trường"),
    "dirt": Voice(4, (
        "Xe chở đất rơi vãi đầy đường {street}, bụi mù mịt.",
        "Mương bẩn sau {street} bốc mùi hôi thối, nước thải đen ngòm.",
    ), ("Đã rửa đường và xử phạt xe rơi vãi.", "Đã nạo vét, khơi thông mương."), "Tổ vệ sinh môi trường"),
    "flood": Voice(6, (
        "Mưa một lúc là {street} ngập đến đầu gối, nước không thoát.",
        "Miệng cống trước số {no} {street} tắc, nước dâng vào nhà dân.",
        "nuoc ngap sau o {street} xe chet may hang loat",
    ), ("Đã thông tắc ga thu, nước rút hết sau 30 phút.", "Đã nạo vét cống và thay lưới chắn rác."),
        "Xí nghiệp Thoát nước số 1"),
    "manhole": Voice(6, (
        "Nắp hố ga vỡ một góc trước số {no} {street}, bà con cắm cành cây làm dấu, tối đi dễ sa bánh.",
        "Mất nắp cống giữa đường {street}, rất nguy hiểm cho xe máy.",
        "Nắp hố ga {street} kênh, xe qua kêu ầm ầm cả đêm.",
    ), ("Đã thay nắp gang mới, hoàn trả mặt đường.",
        "Đã chèn gối cao su, nắp không còn kêu."), "Tổ 3, Xí nghiệp Thoát nước"),
    "water": Voice(4, (
        "Vỡ ống nước sạch trước số {no} {street}, nước chảy lênh láng từ sáng.",
        "Nước máy ngõ {no} {street} đục và có mùi lạ hai hôm nay.",
        "Mất nước sinh hoạt cả khu {street} từ tối qua.",
    ), ("Đã hàn ống và cấp nước lại lúc trưa.", "Đã súc xả đường ống, nước trong trở lại."), "Chi nhánh nước sạch"),
    "pothole": Voice(8, (
        "Ổ gà sâu giữa đường {street} đoạn số {no}, trời mưa không nhìn thấy rất nguy hiểm.",
        "Mặt đường {street} lún nứt sau khi đào cáp, xe đi rất xóc.",
        "{street} nhieu o ga qua, xe may hay nga",
    ), ("Đã vá ổ gà bằng bê tông nhựa nóng.", "Đã cào bóc và thảm lại đoạn đường lún."), "Hạt quản lý đường bộ"),
    "pavement": Voice(4, (
        "Gạch vỉa hè {street} đoạn số {no} bong hết, mưa là bắn nước bẩn.",
        "Đá lát vỉa hè {street} vỡ nhiều chỗ, người khuyết tật không đi được.",
    ), ("Đã lát lại gạch và chỉnh bó vỉa.",), "Ban quản lý hạ tầng phường"),
    "encroachment": Voice(9, (
        "Hàng quán bày bàn ghế kín vỉa hè {street}, người đi bộ phải xuống lòng đường.",
        "Chợ cóc trên {street} lấn chiếm hết vỉa hè giờ tan tầm.",
        "Cửa hàng số {no} {street} để xe trên vỉa hè không còn lối đi.",
    ), ("Đã nhắc nhở, thu giữ bàn ghế và lập biên bản xử phạt.", "Đã giải tỏa, kẻ vạch phần dành cho người đi bộ."),
        "Tổ trật tự đô thị"),
    "parking": Voice(6, (
        "Ô tô đỗ kín lối vào ngõ {no} {street}, xe cứu hỏa không vào được.",
        "Bãi trông xe trái phép trên {street} thu tiền giá cao.",
        "xe o to do truoc cong truong {street} gio tan hoc gay tac duong",
    ), ("Đã xử phạt và yêu cầu di chuyển xe.", "Đã giải tỏa bãi xe trái phép."), "Tổ trật tự giao thông"),
    "signal": Voice(2, (
        "Đèn tín hiệu ngã tư {street} tắt từ sáng, các xe tranh nhau đi.",
        "Đèn đỏ ở {street} quá lâu, đèn xanh chỉ 15 giây, ùn tắc kéo dài.",
    ), ("Đã thay bộ điều khiển, đèn chạy bình thường.",
        "Đã chỉnh lại chu kỳ đèn giờ cao điểm."), "Đội tín hiệu giao thông"),
    "sign": Voice(3, (
        "Biển báo cấm đỗ trên {street} bị đổ, nằm dưới đất.",
        "Vạch sơn người đi bộ ở {street} mờ hết, đề nghị kẻ lại.",
    ), ("Đã dựng lại biển báo.", "Đã sơn lại vạch kẻ đường."), "Đội duy tu biển báo"),
    "bus": Voice(1.5, (
        "Xe buýt bỏ bến {street} lúc 17 giờ 40, không đón khách.",
        "Nhà chờ xe buýt {street} dột, ghế gãy.",
    ), ("Đã sửa nhà chờ.", "Đã làm việc với đơn vị vận hành và kỷ luật lái xe."), "Trung tâm giao thông công cộng"),
    "construction": Voice(3, (
        "Nhà số {no} {street} xây dựng sai phép, cơi nới thêm tầng.",
        "Công trình ở {street} đổ vật liệu ra đường, không che chắn, giàn giáo nguy hiểm.",
    ), ("Đã kiểm tra, lập biên bản đình chỉ phần sai phép.",), "Tổ quản lý trật tự xây dựng"),
    "advert": Voice(3, (
        "Tường nhà dọc {street} bị dán quảng cáo khoan cắt bê tông, rao vặt kín cột điện.",
        "Tờ rơi cho vay dán đầy cổng trường trên {street}.",
    ), ("Đã bóc, xóa toàn bộ quảng cáo và gửi số điện thoại để xử lý.",), "Đoàn thanh niên phường"),
    "noise": Voice(5, (
        "Quán nhậu số {no} {street} hát karaoke đến 1 giờ sáng, không ai ngủ được.",
        "Loa kéo ở {street} mở nhạc ầm ĩ cả buổi tối.",
        "Công trình {street} khoan đục lúc nửa đêm, rất ồn.",
    ), ("Đã kiểm tra lúc 22 giờ 30, lập biên bản và xử phạt.", "Đã làm việc, chủ quán ký cam kết dừng sau 22 giờ."),
        "Công an phường"),
    "food": Voice(1.5, (
        "Quán ăn số {no} {street} rửa bát ngay vỉa hè, rất mất vệ sinh.",
        "Thực phẩm hết hạn sử dụng bày bán ở {street}.",
    ), ("Đã kiểm tra, thu hồi hàng hết hạn và xử phạt.",), "Đoàn kiểm tra liên ngành"),
    "other": Voice(1, (
        "Cổng nhà văn hóa gần {street} khóa suốt, người dân không vào được.",
    ), ("Đã mở cửa theo giờ và niêm yết lịch.",), "Văn phòng phường"),
}  # fmt: skip

REFUSALS: dict[str, str] = {
    "private": "Vị trí nằm trong phần sở hữu riêng của hộ dân. Mời bạn liên hệ chủ nhà; phường sẵn sàng hòa giải.",
    "not_found": "Cán bộ đã đến hiện trường hai lần và không thấy sự việc. Mời bạn gửi lại kèm ảnh và vị trí rõ hơn.",
    "planned": "Việc này nằm trong dự án chỉnh trang đã có lịch thi công, hoàn thành trong quý tới.",
    "known": "Sự việc đang được xử lý theo một phản ánh gửi trước. Bạn có thể theo dõi phản ánh đó.",
    "no_fault": "Qua kiểm tra, hiện trạng đúng quy định nên không phải xử lý.",
}
QUESTIONS = (
    "Bạn cho biết rõ hơn vị trí, gần số nhà hoặc cột đèn nào?",
    "Sự việc còn tiếp diễn không, thường vào giờ nào?",
)
ANSWERS = ("Ngay đối diện cửa hàng tiện lợi, cạnh cột điện.", "Vẫn còn, nhất là buổi tối sau 20 giờ.")
TRANSFER = "Việc này thuộc trách nhiệm của đơn vị khác; hạn xử lý giữ nguyên."
PLANS = ("Tổ công tác đang ở hiện trường.", "Đã rào chắn, chờ vật tư.", "Đã lên lịch trong hôm nay.", "")
OBJECTIONS = ("Sửa rồi nhưng vẫn chưa ổn.", "Hôm nay lại bị như cũ.", "Ảnh chụp không đúng chỗ tôi báo.")
REQUIRED = {
    "streetlight": ("out", "flicker", "day", "pole"), "power": ("yes", "no"),
    "tree": ("fallen", "leaning", "dead", "prune"),
    "waste": ("home", "rubble", "bulky"), "flood": ("ankle", "knee", "more"), "manhole": ("broken", "missing", "loose"),
    "signal": ("dark", "stuck", "times", "turned"), "noise": ("Từ 22 giờ đến 1 giờ sáng",),
}  # fmt: skip
_CODES = {"power": "touch", "flood": "depth", "manhole": "state", "noise": "when"}


def question_code(category: str) -> str:
    """The code of a category's required question."""
    return _CODES.get(category, "what")


SATISFIED = 0.656  # share of ratings 4 and 5, as published for iHanoi
RATINGS = ((5, 0.38), (4, 0.276), (3, 0.14), (2, 0.11), (1, 0.094))
