# kill -9 at any moment leaves a cache that goes on as if nothing had been.
load helper

N=150

# idle N: be busy for a moment
idle() {
	awk -v n="$1" 'BEGIN { while (n-- > 0) x++ }'
}

# step LINE: what is drawn after it
step() {
	echo "$1" | forward -c cache | logits-to-probs -f 0.1 | topp 0.9 |
		draw -s 3
}

# nothing was said but of torn tails
only_tails() {
	if grep -v 'cut a torn tail' err; then
		return 1
	fi
}

# The ids of an uninterrupted run: a prompt of three and N drawn.
uninterrupted() {
	local line='2624 813 258' i
	for ((i = 0; i < N; i++)); do
		echo "$line"
		line=$(step "$line")
	done | tr ' ' '\n' >whole
	total=$(wc -l <whole)
	rm -f cache
}

@test "crash: killed 100 times, the ids are those of an uninterrupted run" {
	seed=$((RANDOM * 32768 + RANDOM))
	echo "seed $seed"
	RANDOM=$((seed % 32768))
	uninterrupted
	mkfifo loop
	kills=0
	for ((round = 0; kills < 100 && round < 300; round++)); do
		first='2624 813 258'
		if [ -s cache ]; then
			kvcache check cache >said
			have=$(kvcache tokens cache | wc -w)
			kvcache tokens cache | tr ' ' '\n' | grep . |
				cmp - <(head -n "$have" whole)
			# short of whole again, so that there is more to lose
			[ "$have" -le $((total - 70)) ] || kvcache trim 3 cache
			[ "$have" -eq 0 ] || first=
		fi
		rm -f pid
		{
			echo "$first"
			exec cat
		} <loop | sh -c 'echo $$ >pid; exec forward -c cache' 2>>err |
			logits-to-probs -f 0.1 | topp 0.9 |
			draw -s 3 -l 66 | tee loop >/dev/null &
		until [ -s pid ]; do :; done
		idle $((RANDOM * 15))
		kill -9 "$(cat pid)" 2>/dev/null && kills=$((kills + 1))
		wait
	done 2>/dev/null
	echo "$kills killed"
	[ "$kills" -eq 100 ]
	kvcache check cache
	# going on
	have=$(kvcache tokens cache | wc -w)
	[ "$have" -gt 0 ]
	id=$(echo | forward -c cache 2>>err | logits-to-probs -f 0.1 |
		topp 0.9 | draw -s 3)
	for ((i = have; i < total; i++)); do
		[ "$id" = "$(sed -n "$((i + 1))p" whole)" ]
		id=$(step "$id")
	done
	kvcache tokens cache | tr ' ' '\n' | cmp - whole
	only_tails
}

@test "crash: killed while a long prompt is evaluated" {
	awk 'BEGIN { for (i = 0; i < 400; i++) printf "%d ", i * 7; print 1 }' >line
	forward <line >want
	for ((round = 0; round < 8; round++)); do
		rm -f cache
		forward -c cache <line >out &
		pid=$!
		idle $((RANDOM * 100))
		kill -9 "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
		[ ! -s cache ] || kvcache check cache
		forward -wc cache <line 2>err | cmp - want
		only_tails
	done
}
