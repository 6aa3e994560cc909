"""Which time zone a place is in, by country and subdivision, for local times without a zone.

Where a country or a subdivision has parts in two zones, the zone of most of its people is given
and the answer says so: `split` is a finding for whoever reads the time, never silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class PlaceZone(NamedTuple):
    """The IANA zone of a place; `split` where another zone holds in a part of it."""

    zone: str
    split: bool = False


def _table(words: str) -> dict[str, str]:
    each = iter(words.split())
    return dict(zip(each, each, strict=True))


# Source: IANA time zone database, zone.tab: countries (ISO 3166-1) whose zones all show the same
# time since 2015, and China, Cyprus, New Zealand and Ukraine by the zone of nearly everybody.
COUNTRIES: Mapping[str, str] = _table(
    "AD Europe/Andorra AE Asia/Dubai AF Asia/Kabul AG America/Antigua AI America/Anguilla "
    "AL Europe/Tirane AM Asia/Yerevan AO Africa/Luanda AR America/Argentina/Buenos_Aires "
    "AS Pacific/Pago_Pago AT Europe/Vienna AW America/Aruba AX Europe/Mariehamn AZ Asia/Baku "
    "BA Europe/Sarajevo BB America/Barbados BD Asia/Dhaka BE Europe/Brussels "
    "BF Africa/Ouagadougou BG Europe/Sofia BH Asia/Bahrain BI Africa/Bujumbura "
    "BJ Africa/Porto-Novo BL America/St_Barthelemy BM Atlantic/Bermuda BN Asia/Brunei "
    "BO America/La_Paz BQ America/Kralendijk BS America/Nassau BT Asia/Thimphu "
    "BW Africa/Gaborone BY Europe/Minsk BZ America/Belize CC Indian/Cocos CF Africa/Bangui "
    "CG Africa/Brazzaville CH Europe/Zurich CI Africa/Abidjan CK Pacific/Rarotonga "
    "CM Africa/Douala CN Asia/Shanghai CO America/Bogota CR America/Costa_Rica "
    "CU America/Havana CV Atlantic/Cape_Verde CW America/Curacao CX Indian/Christmas "
    "CY Asia/Nicosia CZ Europe/Prague DE Europe/Berlin DJ Africa/Djibouti "
    "DK Europe/Copenhagen DM America/Dominica DO America/Santo_Domingo DZ Africa/Algiers "
    "EE Europe/Tallinn EG Africa/Cairo EH Africa/El_Aaiun ER Africa/Asmara "
    "ET Africa/Addis_Ababa FI Europe/Helsinki FJ Pacific/Fiji FK Atlantic/Stanley "
    "FO Atlantic/Faroe FR Europe/Paris GA Africa/Libreville GB Europe/London "
    "GD America/Grenada GE Asia/Tbilisi GF America/Cayenne GG Europe/Guernsey GH Africa/Accra "
    "GI Europe/Gibraltar GM Africa/Banjul GN Africa/Conakry GP America/Guadeloupe "
    "GQ Africa/Malabo GR Europe/Athens GS Atlantic/South_Georgia GT America/Guatemala "
    "GU Pacific/Guam GW Africa/Bissau GY America/Guyana HK Asia/Hong_Kong "
    "HN America/Tegucigalpa HR Europe/Zagreb HT America/Port-au-Prince HU Europe/Budapest "
    "IE Europe/Dublin IL Asia/Jerusalem IM Europe/Isle_of_Man IN Asia/Kolkata "
    "IO Indian/Chagos IQ Asia/Baghdad IR Asia/Tehran IS Atlantic/Reykjavik IT Europe/Rome "
    "JE Europe/Jersey JM America/Jamaica JO Asia/Amman JP Asia/Tokyo KE Africa/Nairobi "
    "KG Asia/Bishkek KH Asia/Phnom_Penh KM Indian/Comoro KN America/St_Kitts "
    "KP Asia/Pyongyang KR Asia/Seoul KW Asia/Kuwait KY America/Cayman LA Asia/Vientiane "
    "LB Asia/Beirut LC America/St_Lucia LI Europe/Vaduz LK Asia/Colombo LR Africa/Monrovia "
    "LS Africa/Maseru LT Europe/Vilnius LU Europe/Luxembourg LV Europe/Riga LY Africa/Tripoli "
    "MA Africa/Casablanca MC Europe/Monaco MD Europe/Chisinau ME Europe/Podgorica "
    "MF America/Marigot MG Indian/Antananarivo MH Pacific/Majuro MK Europe/Skopje "
    "ML Africa/Bamako MM Asia/Yangon MO Asia/Macau MP Pacific/Saipan MQ America/Martinique "
    "MR Africa/Nouakchott MS America/Montserrat MT Europe/Malta MU Indian/Mauritius "
    "MV Indian/Maldives MW Africa/Blantyre MY Asia/Kuala_Lumpur MZ Africa/Maputo "
    "NA Africa/Windhoek NC Pacific/Noumea NE Africa/Niamey NF Pacific/Norfolk NG Africa/Lagos "
    "NI America/Managua NL Europe/Amsterdam NO Europe/Oslo NP Asia/Kathmandu NR Pacific/Nauru "
    "NU Pacific/Niue NZ Pacific/Auckland OM Asia/Muscat PA America/Panama PE America/Lima "
    "PH Asia/Manila PK Asia/Karachi PL Europe/Warsaw PM America/Miquelon PN Pacific/Pitcairn "
    "PR America/Puerto_Rico PS Asia/Gaza PW Pacific/Palau PY America/Asuncion QA Asia/Qatar "
    "RE Indian/Reunion RO Europe/Bucharest RS Europe/Belgrade RW Africa/Kigali SA Asia/Riyadh "
    "SB Pacific/Guadalcanal SC Indian/Mahe SD Africa/Khartoum SE Europe/Stockholm "
    "SG Asia/Singapore SH Atlantic/St_Helena SI Europe/Ljubljana SJ Arctic/Longyearbyen "
    "SK Europe/Bratislava SL Africa/Freetown SM Europe/San_Marino SN Africa/Dakar "
    "SO Africa/Mogadishu SR America/Paramaribo SS Africa/Juba ST Africa/Sao_Tome "
    "SV America/El_Salvador SX America/Lower_Princes SY Asia/Damascus SZ Africa/Mbabane "
    "TC America/Grand_Turk TD Africa/Ndjamena TF Indian/Kerguelen TG Africa/Lome "
    "TH Asia/Bangkok TJ Asia/Dushanbe TK Pacific/Fakaofo TL Asia/Dili TM Asia/Ashgabat "
    "TN Africa/Tunis TO Pacific/Tongatapu TR Europe/Istanbul TT America/Port_of_Spain "
    "TV Pacific/Funafuti TW Asia/Taipei TZ Africa/Dar_es_Salaam UA Europe/Kyiv "
    "UG Africa/Kampala UY America/Montevideo UZ Asia/Samarkand VA Europe/Vatican "
    "VC America/St_Vincent VE America/Caracas VG America/Tortola VI America/St_Thomas "
    "VN Asia/Ho_Chi_Minh VU Pacific/Efate WF Pacific/Wallis WS Pacific/Apia YE Asia/Aden "
    "YT Indian/Mayotte ZA Africa/Johannesburg ZM Africa/Lusaka ZW Africa/Harare "
)

# Sources: US Code of Federal Regulations, title 49, part 71; ISO 3166-2 for the letters.
_UNITED_STATES = _table(
    "AL America/Chicago AK America/Anchorage AZ America/Phoenix AR America/Chicago "
    "CA America/Los_Angeles CO America/Denver CT America/New_York DE America/New_York "
    "DC America/New_York FL America/New_York GA America/New_York HI Pacific/Honolulu "
    "ID America/Boise IL America/Chicago IN America/Indiana/Indianapolis IA America/Chicago "
    "KS America/Chicago KY America/New_York LA America/Chicago ME America/New_York "
    "MD America/New_York MA America/New_York MI America/Detroit MN America/Chicago "
    "MS America/Chicago MO America/Chicago MT America/Denver NE America/Chicago "
    "NV America/Los_Angeles NH America/New_York NJ America/New_York NM America/Denver "
    "NY America/New_York NC America/New_York ND America/Chicago OH America/New_York "
    "OK America/Chicago OR America/Los_Angeles PA America/New_York RI America/New_York "
    "SC America/New_York SD America/Chicago TN America/Chicago TX America/Chicago "
    "UT America/Denver VT America/New_York VA America/New_York WA America/Los_Angeles "
    "WV America/New_York WI America/Chicago WY America/Denver PR America/Puerto_Rico "
    "VI America/St_Thomas GU Pacific/Guam AS Pacific/Pago_Pago MP Pacific/Saipan"
)
# Source: National Research Council Canada, time zones of the provinces.
_CANADA = _table(
    "AB America/Edmonton BC America/Vancouver MB America/Winnipeg NB America/Moncton "
    "NL America/St_Johns NS America/Halifax NT America/Edmonton NU America/Iqaluit "
    "ON America/Toronto PE America/Halifax QC America/Toronto SK America/Regina "
    "YT America/Whitehorse"
)
# Source: Ley de los Husos Horarios en los Estados Unidos Mexicanos, 2022; three-letter ISO codes
# and the two-letter ones that carriers write.
_MEXICO = _table(
    "AGU America/Mexico_City BCN America/Tijuana BCS America/Mazatlan CAM America/Merida "
    "CHH America/Chihuahua CHP America/Mexico_City CMX America/Mexico_City "
    "COA America/Monterrey COL America/Mexico_City DUR America/Monterrey "
    "GRO America/Mexico_City GUA America/Mexico_City HID America/Mexico_City "
    "JAL America/Mexico_City MEX America/Mexico_City MIC America/Mexico_City "
    "MOR America/Mexico_City NAY America/Mazatlan NLE America/Monterrey OAX America/Mexico_City "
    "PUE America/Mexico_City QUE America/Mexico_City ROO America/Cancun SLP America/Mexico_City "
    "SIN America/Mazatlan SON America/Hermosillo TAB America/Mexico_City TAM America/Monterrey "
    "TLA America/Mexico_City VER America/Mexico_City YUC America/Merida ZAC America/Mexico_City "
    "AG America/Mexico_City BC America/Tijuana BS America/Mazatlan CH America/Chihuahua "
    "CI America/Chihuahua CL America/Mexico_City CP America/Mexico_City CS America/Mexico_City "
    "CU America/Monterrey DF America/Mexico_City DG America/Monterrey EM America/Mexico_City "
    "GJ America/Mexico_City GR America/Mexico_City HG America/Mexico_City JA America/Mexico_City "
    "MH America/Mexico_City MR America/Mexico_City MX America/Mexico_City NA America/Mazatlan "
    "NL America/Monterrey OA America/Mexico_City PU America/Mexico_City QA America/Mexico_City "
    "QR America/Cancun SI America/Mazatlan SL America/Mexico_City SO America/Hermosillo "
    "TA America/Mexico_City TL America/Mexico_City TM America/Monterrey VL America/Mexico_City "
    "YC America/Merida ZT America/Mexico_City"
)
# Source: IANA time zone database, zone.tab, comments of the zones.
_AUSTRALIA = _table(
    "ACT Australia/Sydney NSW Australia/Sydney NT Australia/Darwin QLD Australia/Brisbane "
    "SA Australia/Adelaide TAS Australia/Hobart VIC Australia/Melbourne WA Australia/Perth"
)
_BRAZIL = _table(
    "AC America/Rio_Branco AL America/Maceio AM America/Manaus AP America/Belem BA America/Bahia "
    "CE America/Fortaleza DF America/Sao_Paulo ES America/Sao_Paulo GO America/Sao_Paulo "
    "MA America/Fortaleza MG America/Sao_Paulo MS America/Campo_Grande MT America/Cuiaba "
    "PA America/Belem PB America/Fortaleza PE America/Recife PI America/Fortaleza "
    "PR America/Sao_Paulo RJ America/Sao_Paulo RN America/Fortaleza RO America/Porto_Velho "
    "RR America/Boa_Vista RS America/Sao_Paulo SC America/Sao_Paulo SE America/Maceio "
    "SP America/Sao_Paulo TO America/Araguaina"
)
SUBDIVISIONS: Mapping[str, Mapping[str, str]] = {
    "AU": _AUSTRALIA,
    "BR": _BRAZIL,
    "CA": _CANADA,
    "MX": _MEXICO,
    "US": _UNITED_STATES,
}

# Subdivisions of which a part keeps another time, by the same sources.
SPLIT: Mapping[str, frozenset[str]] = {
    "US": frozenset("AK AZ FL ID IN KS KY MI ND NE OR SD TN TX".split()),
    "CA": frozenset("BC NL NU ON QC SK".split()),
    "MX": frozenset("CHH CH CI TAM TM NLE NL COA CU NAY NA".split()),
    "AU": frozenset(("NSW", "SA", "WA")),
    "BR": frozenset(("AM", "PE")),
}
# Countries of several zones where most people keep this one.
MOSTLY: Mapping[str, str] = _table(
    "CL America/Santiago EC America/Guayaquil ES Europe/Madrid ID Asia/Jakarta KZ Asia/Almaty "
    "MN Asia/Ulaanbaatar PF Pacific/Tahiti PG Pacific/Port_Moresby PT Europe/Lisbon "
    "RU Europe/Moscow CD Africa/Kinshasa MX America/Mexico_City BR America/Sao_Paulo"
)
# ISO 3166-1 alpha-3 codes that X12 partners write for the countries above.
ALPHA_3: Mapping[str, str] = {"USA": "US", "CAN": "CA", "MEX": "MX"}


def zone_of_place(country: str, subdivision: str = "") -> PlaceZone | None:
    """Find the zone of a place by its country and, where that decides, its state or province.

    Without a country a state or province of the United States or Canada is enough: their letters
    never meet. None where nobody can tell.
    """
    country, subdivision = country_of(country, subdivision), subdivision.strip().upper()
    if zone := COUNTRIES.get(country):
        return PlaceZone(zone)
    if zone := SUBDIVISIONS.get(country, {}).get(subdivision):
        return PlaceZone(zone, subdivision in SPLIT[country])
    if zone := MOSTLY.get(country):
        return PlaceZone(zone, split=True)
    return None


def country_of(country: str, subdivision: str) -> str:
    """Spell a country in two letters; where none is said, a state or province may tell it."""
    country, subdivision = country.strip().upper(), subdivision.strip().upper()
    if country:
        return ALPHA_3.get(country, country)
    return next((each for each in ("US", "CA") if subdivision in SUBDIVISIONS[each]), "")
