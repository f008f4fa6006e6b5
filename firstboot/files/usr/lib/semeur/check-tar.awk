# Reads a seed's tar as `od -An -v -tx1 -w512` prints it, one block a line, and exits with 0 only if every byte is as the builder writes it
# (builder/seed/seed-tar.ts). Run with LC_ALL=C, -v list=SETTINGS_LIST and -v blocks=N. Every byte stands as " xx": byte i at 3 * i + 1.
BEGIN {
	for (i = 32; i < 127; i++) {
		byte = sprintf(" %02x", i)
		character[byte] = sprintf("%c", i)
		value[byte] = i
		hex[character[byte]] = byte
	}
	character[" 0a"] = "\n"
	zeros = repeated(" 00", 512)
	zero7 = repeated(" 30", 7) " 00"
	mode_and_owner = repeated(" 30", 4) written("600") " 00" zero7 zero7
	time = repeated(" 30", 11) " 00"
	type = " 30" repeated(" 00", 100)
	rest_of_header = written("ustar") " 00" written("00") repeated(" 00", 64) zero7 zero7 repeated(" 00", 167)
	# The sum of the bytes that are the same in all headers: mode, owner and group, time, type, magic and version, device; the checksum's own counts as 8 spaces.
	constant_sum = (7 * 48 + 6) + 2 * 7 * 48 + 11 * 48 + 48 + (117 + 115 + 116 + 97 + 114) + 2 * 48 + 2 * 7 * 48 + 8 * 32
	split("seed.conf enrol/vpn.conf enrol/home.conf enrol/token code.hash wifi.conf", own, " ")
	for (i in own) allowed[own[i]] = 1
	while ((getline line < list) > 0) {
		split(line, field, " ")
		allowed["settings" field[3]] = 1
	}
}

bad { next }

left > 0 {
	left--
	if (name == "seed.conf") conf = conf $0
	if (left == 0 && rest > 0 && substr($0, 3 * rest + 1) != substr(zeros, 3 * rest + 1)) bad = 1
	next
}

$0 == zeros {
	ended++
	next
}

{ if (ended > 0 || !read_header($0)) bad = 1 }

END {
	if (bad || left > 0 || ended < 2 || NR != blocks || !is_conf(conf, conf_size)) exit 1
}

# Takes name and size out of a header, then compares it with the one header that they may have.
function read_header(block, i, byte, sum, digits, hex_name) {
	sum = constant_sum
	name = ""
	for (i = 0; i < 100; i++) {
		byte = substr(block, 3 * i + 1, 3)
		if (byte == " 00") break
		if (!(byte in character)) return 0
		name = name character[byte]
		sum += value[byte]
	}
	hex_name = substr(block, 1, 3 * i)
	if (name !~ /^[A-Za-z0-9._@\/-]+$/ || !(name in allowed) || "/" name "/" ~ /\/\.?\.?\//) return 0
	# Strings of hex are in the order of their bytes, whatever the locale.
	if (hex_name "" <= last_name "") return 0
	last_name = hex_name
	digits = substr(block, 3 * 124 + 1, 33)
	size = 0
	for (i = 0; i < 11; i++) {
		byte = substr(digits, 3 * i + 1, 3)
		if (byte !~ /^ 3[0-7]$/) return 0
		size = 8 * size + value[byte] - 48
		sum += value[byte]
	}
	left = int((size + 511) / 512)
	rest = size % 512
	if (name == "seed.conf") conf_size = size
	return block == hex_name substr(zeros, 1, 300 - length(hex_name)) mode_and_owner digits " 00" time written(sprintf("%06o", sum)) " 00 20" type rest_of_header
}

# Three lines in their order, as the builder renders them.
function is_conf(block, size, text, i, byte, line) {
	if (size < 1 || size > 512) return 0
	for (i = 0; i < size; i++) {
		byte = substr(block, 3 * i + 1, 3)
		if (!(byte in character)) return 0
		text = text character[byte]
	}
	if (split(text, line, "\n") != 4 || line[4] != "") return 0
	return is_host_name(substr(line[1], 10)) && line[1] ~ /^hostname / && line[2] ~ /^language (fr|en)$/ && is_zone(substr(line[3], 10)) && line[3] ~ /^timezone /
}

function is_host_name(text) {
	return length(text) <= 63 && text ~ /^[a-z0-9][a-z0-9-]*$/ && text !~ /-$/
}

function is_zone(text) {
	return length(text) <= 64 && text ~ /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/
}

function written(text, i, bytes) {
	for (i = 1; i <= length(text); i++) bytes = bytes hex[substr(text, i, 1)]
	return bytes
}

function repeated(text, times, all) {
	while (times-- > 0) all = all text
	return all
}
