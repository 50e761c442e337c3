package commerce

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// countries are the codes of ISO 3166-1 alpha-2.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"

// currencies are the codes of ISO 4217 that prices can be in.
const currencies = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD " +
	"CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD " +
	"HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD " +
	"MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR " +
	"RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS " +
	"UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"

// languages are the codes of ISO 639 that services can speak to people in.
const languages = "bg bs cs da de el en es et fi fr hr hu it ja lt lv mk nb nl pl pt ro sk sl sq sr sv tr uk"

// IsLanguage reports whether services can speak a language, by its ISO 639 code.
func IsLanguage(code string) bool { return len(code) == 2 && listed(languages, code) }

// IsCountry reports whether code is a country of ISO 3166-1 alpha-2, in capitals.
func IsCountry(code string) bool { return len(code) == 2 && listed(countries, code) }

// IsCurrency reports whether code is a currency of ISO 4217, in capitals.
func IsCurrency(code string) bool { return len(code) == 3 && listed(currencies, code) }

func listed(list, code string) bool {
	return !strings.Contains(code, " ") && strings.Contains(" "+list+" ", " "+code+" ")
}

// isText reports whether s is text for one line: valid UTF-8 of at most limit characters, with no control, no line or
// paragraph separator and no invisible turn of direction. Such characters are refused, never stripped (rule 11).
func isText(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	for _, r := range s {
		bidi := r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		if unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || r == 0xfeff || bidi {
			return false
		}
	}
	return true
}
