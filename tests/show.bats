# show: distributions for people.
load helper

record() {
	printf '%s\n' "#dist kind=P vocab=5000 $1" '1 0.25' '2 0.125' '11 0.5' \
		'100 0' '258 0.125' ''
}

@test "show: rank, id, piece, probability, sum, bar" {
	record 'seq=3 pos=7' >in
	show in >got
	diff - got <<-'END'
	sequence 3, position 7
	4 tokens, entropy 1.750 bits, top 0.5000; 50% of the mass in 1, 90% in 4, 99% in 4
	rank       id  piece        prob       sum
	   1       11  ","        0.5000    0.5000  ##############################
	   2        1  """        0.2500    0.7500  ###############
	   3        2  "#"        0.1250    0.8750  ########
	   4      258  " a"       0.1250    1.0000  ########

	END
}

@test "show: logits are softmax, probabilities need not sum to 1" {
	record pos=7 | sed 's/^11 .*/11 0.7/' >in
	awk '!/^#/ && NF { $2 = $2 > 0 ? log($2) + 5 : "-inf" } { print }' in |
		sed 's/kind=P/kind=L/' >logits
	awk '!/^#/ && NF { $2 *= 3 } { print }' in >thrice
	show in >want
	show logits | diff want -
	show thrice | diff want -
}

@test "show: -n rows, of equals the lower id" {
	record '' | show -n 1 >got
	[ "$(wc -l <got)" -eq 5 ]
	record '' | show -n 3 | grep -c '"#"' | grep -qx 1
	record '' | show -n 3 | grep -c '" a"' | grep -qx 0
	record '' | show -n 2147483647 | wc -l | grep -qx 8
}

@test "show: pieces fit on their line, ids without one are empty" {
	# newline and a byte that begins a character
	set -- $(printf '\n\303' | tokenize -x)
	printf '%s\n' '#dist kind=P vocab=5000' "$1 0.5" "$2 0.25" '4999 0.25' '' >in
	show in | sed -n 's/.*"\(.*\)".*/\1/p' >got
	printf '%s\n' '\n' '\xc3' '' | diff - got
}

@test "show: how many hold the mass" {
	# 100 equals
	{
		echo '#dist kind=P vocab=5000'
		for i in $(seq 100); do echo "$i 0.01"; done
		echo
	} | show -n 1 >got
	sed -n 2p got >line
	echo '100 tokens, entropy 6.644 bits, top 0.0100; 50% of the mass in 50, 90% in 90, 99% in 99' |
		diff - line
}

@test "show: -c, what was dropped and what it became" {
	record pos=7 >in
	topk 2 in | show -c in >got
	diff - got <<-'END'
	sequence 0, position 7
	before: 4 tokens, entropy 1.750 bits, top 0.5000; 50% of the mass in 1, 90% in 4, 99% in 4
	after:  2 tokens, entropy 0.918 bits, top 0.6667; 50% of the mass in 1, 90% in 2, 99% in 2
	rank       id  piece      before     after
	   1       11  ","        0.5000    0.6667  #######################+++++++
	   2        1  """        0.2500    0.3333  ###########++++
	   3        2  "#"        0.1250         -  ------
	   4      258  " a"       0.1250         -  ------

	END
}

@test "show: -c, what comes up is shown with the rank it had" {
	record pos=7 >in
	sed 's/^258 .*/258 4/; s/^100 .*/100 2/' in >after
	show -n 1 -c in after | sed '1,4d; $d' >got
	diff - got <<-'END'
	   1       11  ","        0.5000    0.0727  ####----------------------
	   4      258  " a"       0.1250    0.5818  ######++++++++++++++++++++++++
	END
	show -n 2 -c in after | sed -n '/^   -/p' >got
	diff - got <<-'END'
	   -      100  "\xa7"          -    0.2909  +++++++++++++++
	END
}

@test "show: -c, streams that do not belong together" {
	record pos=7 >in
	record pos=8 >other
	cat in in >two
	fails 1 'show: other: record 1: there is no such record to compare it with' \
		show -c in other
	! show -c in two >got 2>err || return 1
	echo 'show: two: record 2: there is no such record to compare it with' |
		diff - err
	! show -c two in >got 2>err || return 1
	echo 'show: two: record 2: there is no such record to compare it with' |
		diff - err
}

@test "show: colour on a terminal only, and never with NO_COLOR" {
	command -v script >which || skip "no script(1)"
	script --version >version 2>&1 || skip "another script(1)"
	record '' >in
	show in >plain
	! grep -q "$(printf '\033')" plain || return 1
	script -qec 'show in' typescript >tty </dev/null
	grep -q "$(printf '\033\\[36m###')" tty
	NO_COLOR=1 script -qec 'show in' typescript </dev/null | tr -d '\r' |
		cmp plain -
	NO_COLOR='' script -qec 'show in' typescript </dev/null | cmp tty -
}

@test "show: wrong arguments" {
	fails 2 'usage: show *' show a b
	fails 2 'show: -n: 0 is not between 1 and 2147483647' show -n 0
	fails 1 'show: nowhere: No such file or directory' show -c nowhere
}
