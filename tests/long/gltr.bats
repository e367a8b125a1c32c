# gltr's page, as a browser reads it.
load ../helper

browser() {
	for b in chromium chromium-browser google-chrome; do
		command -v "$b" && return
	done
	return 1
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	chrome=$(browser) || skip "no chromium"
}

# chrome OPTION... FILE
chrome() {
	timeout 60 "$chrome" --headless --no-sandbox --disable-gpu \
		--user-data-dir="$PWD/profile" "$@" 2>chrome.err
}

# a text with all that HTML makes much of, and characters of several tokens
text() {
	printf '%s\n' 'Once there was a king, & he had <b>three</b> sons.' \
		'"Go," said he, "and bring me caf\303\251 &amp; na\303\257ve \346\227\245!"' |
		sed "s/\$/ it's <!-- no --> ]]>/" | printf "$(cat)"
}

@test "gltr: the browser's text is the text" {
	text >want
	tokenize -x <want | forward -a | gltr -H >page.html
	chrome --dump-dom "file://$PWD/page.html" >dom
	# nothing was repaired: every tag of ours is there, and no other
	for tag in html head meta title style body div span table tr td; do
		[ "$(grep -o "<$tag[ >]" page.html | wc -l)" -eq \
			"$(grep -o "<$tag[ >]" dom | wc -l)" ]
	done
	[ "$(grep -o '<b>' dom | wc -l)" -eq 0 ]
	tr '\n' '\001' <dom | sed 's/.*<div class="text">//; s/<\/div>.*//
		s/<span class="." data-t="[^"]*">//g; s/<\/span>//g
		s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' | tr '\001' '\n' | cmp want -
}

@test "gltr: the page is drawn, in the colours of its classes" {
	text | tokenize -x | forward -a | gltr -H >page.html
	chrome --screenshot="$PWD/page.png" --window-size=900,700 \
		"file://$PWD/page.html"
	[ "$(head -c 4 page.png | tail -c 3)" = PNG ]
	# the same page without colours is another picture
	sed 's/background: var(--.)//g' page.html >plain.html
	chrome --screenshot="$PWD/plain.png" --window-size=900,700 \
		"file://$PWD/plain.html"
	! cmp -s page.png plain.png
}

# Nothing points in a headless browser: the rules of :hover are given to a class,
# and the class to one token.
@test "gltr: pointing at a token shows what else was likely" {
	tokenize 'The king had three sons.' | forward -a >in
	gltr -H in | sed 's/:hover/.here/g; s/<span class="." data-t="&quot; three/<span class="here" data-t="\&quot; three/' >page.html
	[ "$(grep -c 'class="here"' page.html)" -eq 1 ]
	cat >>page.html <<-'END'
	<script>
	for (const token of document.querySelectorAll(".text span")) {
		const style = getComputedStyle(token, "::after");
		const line = document.createElement("p");
		line.textContent = "after: " + style.content + " " + style.position;
		document.body.append(line);
	}
	</script>
	END
	chrome --dump-dom "file://$PWD/page.html" >dom
	# each token has none but the one
	[ "$(grep -o '<p>after: [^<]*' dom | wc -l)" -eq 6 ]
	grep -o '<p>after: [^<]*' dom | grep -v 'after: none' |
		sed 's/<p>after: "//; s/" fixed$//; s/\\a /~/g; s/\\"/"/g' | tr '~' '\n' >shown
	# and that is the rank it had, and what show has as the likeliest
	tokenize 'The king had' | forward | show -n 5 | sed '1,3d; $d' |
		sed 's/ *\("[^"]*"\) *\(0[.0-9]*\).*/ \2  \1/; s/^ *[0-9]* *[0-9]* *//' >want
	surprisal in | awk -F '\t' '$4 == " three" {
		printf "\"%s\"  rank %d, %.4f\n", $4, $7, exp($5) }' | cat - want | diff shown -
}
