# The same seed gives the same ids in every way of looping, with penalties and
# top-p on, over 200 tokens.
load helper

STEPS=200

# Between forward and draw.
filters() {
	logits-to-probs -f 0.1 -p 0.05 | topp 0.9
}

# ring TAG COMMAND...: one long process of forward; prints what is drawn. The
# first lines are those of the file `first`.
ring() {
	local ending=$1
	shift
	rm -f loop
	mkfifo loop
	{
		cat first
		exec cat
	} <loop | "$@" | filters |
		draw -s 7 -i -l "$STEPS" -q "$ending" | tee loop
}

prompt() {
	tokenize 'Once upon a time there was'
}

# (c), which the others are compared with
ring_ids() {
	prompt >first
	ring 1 forward >ring
	[ "$(wc -l <ring)" -eq "$STEPS" ]
}

@test "modes: a new process per token, the whole context anew" {
	ring_ids
	ids=$(prompt)
	for ((i = 0; i < STEPS; i++)); do
		id=$(echo "$ids" | forward | filters | draw -s 7)
		echo "$id"
		ids="$ids $id"
	done >got
	cmp got ring
}

@test "modes: a new forward -c per token" {
	ring_ids
	line=$(prompt)
	for ((i = 0; i < STEPS; i++)); do
		line=$(echo "$line" | forward -c cache | filters | draw -s 7)
		echo "$line"
	done >got
	cmp got ring
	[ "$(kvcache tokens cache)" = "$(prompt) $(head -n $((STEPS - 1)) ring |
		paste -sd ' ')" ]
}

@test "modes: a ring with a cache" {
	ring_ids
	prompt >first
	ring 1 forward -c cache | cmp - ring
	[ "$(kvcache tokens cache)" = "$(prompt) $(paste -sd ' ' ring)" ]
}

@test "modes: -e, many lines over one prefix" {
	ring_ids
	prompt | forward -c cache >/dev/null
	# the beginnings of what the ring drew: the next of each is the ring's
	for n in 1 2 3 20 63 64 100 199; do
		head -n "$n" ring | paste -sd ' '
	done >lines
	forward -ec cache <lines | distcat -t |
		sed 's/ seq=[0-9]* / seq=0 /' >next
	filters <next | draw -s 7 >got
	for n in 1 2 3 20 63 64 100 199; do
		sed -n "$((n + 1))p" ring
	done | cmp - got
	[ "$(kvcache tokens cache)" = "$(prompt)" ]
}

@test "modes: eight sequences in one ring, and each alone" {
	prompt | forward -c cache >/dev/null
	for n in 1 2 3 4 5 6 7 8; do
		echo "@$n"
	done >first
	ring 8 forward -c cache >together
	for n in 1 2 3 4 5 6 7 8; do
		grep "^@$n " together >want
		[ "$(wc -l <want)" -eq "$STEPS" ]
		echo "@$n" >first
		ring 1 forward -c cache | cmp - want
	done
	[ "$(sed 's/^@[0-9]* //' together | sort -u | wc -l)" -gt 100 ]
}
