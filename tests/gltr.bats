# gltr: a text, each token coloured by its rank. Which tokens are scored is in
# scored.bats.
load helper

# text ID RANK...: a stream in which the tokens of bytes and words come with
# these ranks
text() {
	awk -v list="$*" 'BEGIN {
		n = split(list, a, " ")
		for (i = 1; i <= n; i += 2) {
			id = a[i]
			printf "#dist kind=L vocab=4096 pos=%d start=%d ctx=%d\n",
				(i + 1) / 2, i == 1, id
			next_id = i + 2 <= n ? a[i + 2] : 0
			rank = i + 2 <= n ? a[i + 3] : 1
			for (k = 1; k < rank; k++)
				print (next_id + k) % 4096, 5
			print next_id, 1
			print ""
		}
	}'
}

@test "gltr: marks by rank" {
	text 439 0 11 1 258 10 813 11 517 100 11 101 258 1000 258 1001 813 4096 >in
	gltr in >got
	printf '%s\n' ' there, a (upon) (time)[,] [a] {a} {upon}' '' \
		'top 10          2   25.0%  ########################################' \
		'top 100         2   25.0%  ########################################' \
		'top 1000        2   25.0%  ########################################' \
		'beyond          2   25.0%  ########################################' |
		diff - got
}

@test "gltr: -c colours, but never with NO_COLOR" {
	text 439 0 11 1 258 50 813 500 517 3000 >in
	gltr -c in | sed -n 1p >got
	printf ' there\033[32m,\033[0m \033[33ma\033[0m \033[31mupon\033[0m \033[35mtime\033[0m\n' |
		diff - got
	gltr in >plain
	NO_COLOR=1 gltr -c in | cmp plain -
}

@test "gltr: tokens of one character are marked together, by the highest rank" {
	set -- $(printf 'x\303\251' | tokenize -x)
	text "$1" 0 "$2" 2000 "$3" 2 >in
	gltr in | sed -n 1p >got
	echo 'x{é}' | diff - got
	# a character that never becomes whole
	text "$1" 0 "$2" 2 >in
	gltr in | sed -n 1p >got
	echo 'x\xc3' | diff - got
}

@test "gltr: control characters do not reach a terminal" {
	set -- $(printf 'x\033[31m\\\n' | tokenize -x)
	printf '%s\n' "$*" | forward -a | gltr -c | head -n 2 |
		sed 's/\x1b\[[0-9]*m//g' >got
	printf '%s\n' 'x\x1b[31m\' '' | diff - got
}

@test "gltr: several texts" {
	printf '%s\n' '2624 813' '439 11' | forward -ae | gltr >got
	sed -n '1,/^$/p' got >text
	printf '%s\n' @1 'Once upon' @2 ' there,' '' >want
	tr -d '()[]{}' <text | diff want -
	printf '%s\n' '2624 813' '@7 439 11' '258' | forward -a | gltr |
		tr -d '()[]{}' | sed -n '1,3p' >got
	printf '%s\n' 'Once upon a' @7 ' there,' | diff - got
}

@test "gltr: the first text comes as its tokens do" {
	mkfifo in out
	gltr <in >out 3>&- 8>&- 9>&- &
	exec 8>in 9<out
	text 439 0 11 1 | head -n 3 >&8
	IFS= read -r -t 20 -n 6 got <&9
	exec 8>&-
	cat <&9 >rest
	exec 9<&-
	wait $!
	[ "$got" = ' there' ]
}

@test "gltr: -H is a page that says what the text and the alternatives are" {
	ids=$(printf '<b> & "q" \\\n' | tokenize -x)
	echo "$ids" | forward -a >in
	gltr -H in >page
	head -n 1 page >got
	echo '<!DOCTYPE html>' | diff - got
	# the text: without tags, without escapes
	sed -n '/^<div/,/^<table/p' page | tr -d '\n' |
		sed 's/<table.*//; s/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g
		s/&quot;/"/g; s/&amp;/\&/g' >got
	printf '<b> & "q" \\' | diff - got
	# what is pointed at: the likeliest as surprisal and show have them
	grep -c 'data-t=' page >got
	grep -o '<span class="[nabcd]" data-t="[^"]*"' page >/dev/null
	surprisal in | awk -F '\t' 'NR > 1 { print $7 }' >ranks
	tr '\n' ' ' <page | grep -o 'rank [0-9]*,' | tr -d 'rank ,' | diff ranks -
	surprisal in | awk -F '\t' 'NR > 1 { printf "%.4f\n", $11 }' >tops
	tr '\n' '~' <page | grep -o 'rank [0-9]*, [0-9.]*~[0-9.]*' |
		sed 's/.*~//' | diff tops -
}

@test "gltr: -H asks for nothing from elsewhere, and is closed" {
	echo '2624 813 258' | forward -a | gltr -H >page
	! grep -Eiq 'src=|href=|url\(|<script|@import|http' page || return 1
	for tag in html head style body table div; do
		[ "$(grep -o "<$tag[ >]" page | wc -l)" -eq "$(grep -o "</$tag>" page | wc -l)" ]
	done
	[ "$(grep -o '<span' page | wc -l)" -eq "$(grep -o '</span>' page | wc -l)" ]
	[ "$(tail -n 1 page)" = '</html>' ]
}

@test "gltr: wrong arguments" {
	fails 2 'usage: gltr [[]-cH] [[]-m model] [[]file]' gltr a b
	fails 2 'gltr: -x: unknown option' gltr -x
}
