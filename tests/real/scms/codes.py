"""What the file's words mean. Source: the file itself, deliveries 2006-2011."""

from __future__ import annotations

from crossdock.canonical.shipment import Mode

MODES: dict[str, Mode] = {
    "Air": Mode.AIR,
    "Air Charter": Mode.AIR,
    "Truck": Mode.ROAD,
    "Ocean": Mode.OCEAN,
    "N/A": Mode.UNSPECIFIED,
}

# Country as written -> (ISO 3166-1 alpha-2, IANA zone of the capital).
COUNTRIES: dict[str, tuple[str, str]] = {
    "Angola": ("AO", "Africa/Luanda"),
    "Belize": ("BZ", "America/Belize"),
    "Benin": ("BJ", "Africa/Porto-Novo"),
    "Botswana": ("BW", "Africa/Gaborone"),
    "Cameroon": ("CM", "Africa/Douala"),
    "Côte d'Ivoire": ("CI", "Africa/Abidjan"),
    "Dominican Republic": ("DO", "America/Santo_Domingo"),
    "Ethiopia": ("ET", "Africa/Addis_Ababa"),
    "Ghana": ("GH", "Africa/Accra"),
    "Guatemala": ("GT", "America/Guatemala"),
    "Guinea": ("GN", "Africa/Conakry"),
    "Guyana": ("GY", "America/Guyana"),
    "Haiti": ("HT", "America/Port-au-Prince"),
    "Kazakhstan": ("KZ", "Asia/Almaty"),
    "Kenya": ("KE", "Africa/Nairobi"),
    "Kyrgyzstan": ("KG", "Asia/Bishkek"),
    "Lebanon": ("LB", "Asia/Beirut"),
    "Lesotho": ("LS", "Africa/Maseru"),
    "Liberia": ("LR", "Africa/Monrovia"),
    "Mozambique": ("MZ", "Africa/Maputo"),
    "Namibia": ("NA", "Africa/Windhoek"),
    "Nigeria": ("NG", "Africa/Lagos"),
    "Pakistan": ("PK", "Asia/Karachi"),
    "Rwanda": ("RW", "Africa/Kigali"),
    "Senegal": ("SN", "Africa/Dakar"),
    "Sierra Leone": ("SL", "Africa/Freetown"),
    "South Africa": ("ZA", "Africa/Johannesburg"),
    "Sudan": ("SD", "Africa/Khartoum"),
    "Swaziland": ("SZ", "Africa/Mbabane"),
    "Tanzania": ("TZ", "Africa/Dar_es_Salaam"),
    "Uganda": ("UG", "Africa/Kampala"),
    "Vietnam": ("VN", "Asia/Ho_Chi_Minh"),
    "Zambia": ("ZM", "Africa/Lusaka"),
    "Zimbabwe": ("ZW", "Africa/Harare"),
}
