# forward: the same bits however the work is cut up, its records, its errors.
load helper

TINY=$TOP/examples/tiny.gguf

# ids N: a line of N token ids of the bundled model, always the same.
ids() {
	awk -v n="$1" 'BEGIN {
		for (s = 7; i < n; i++) {
			s = (s * 1103 + 12345) % 65536
			printf "%s%d", i ? " " : "", s % 4095
		}
		print ""
	}'
}

# values FILE: the entries alone, without what a record says of its context.
values() {
	distcat -t "$1" | grep -v '^#'
}

@test "forward: the number of threads does not change a bit" {
	ids 150 >line
	forward -aj 1 <line >one
	[ "$(wc -c <one)" -eq $((150 * (32 + 4 + 4 + 4 * 4096))) ]
	for j in 2 3 5; do
		forward -aj "$j" <line | cmp - one
	done
	forward -axj 1 -k f32 <line >exact
	forward -axj 3 -k f32 <line | cmp - exact
	! cmp -s one exact || return 1
}

@test "forward: one line, a token a line, random splits" {
	ids 150 >line
	forward -a <line >whole
	tr ' ' '\n' <line | forward -a | cmp - whole
	for seed in 1 2 3; do
		awk -v seed="$seed" '{
			srand(seed)
			for (i = 1; i <= NF; i++)
				printf "%s%s", $i, i < NF && rand() < .9 ? " " : "\n"
		}' line >split
		[ "$(wc -l <split)" -gt 1 ]
		forward -a <split | cmp - whole
		forward <split >last
		values last | tail -n 4097 >a
		values whole | tail -n 4097 | cmp - a
	done
}

@test "forward: cached or computed" {
	ids 150 >line
	forward <line | distcat -t >whole
	for cut in 1 16 63 64 65 149; do
		rm -f cache
		cut -d ' ' -f "1-$cut" line | forward -c cache >/dev/null
		# a single row at last, whose heads four threads share out
		cut -d ' ' -f "$((cut + 1))-" line | forward -j 4 -c cache |
			distcat -t | cmp - whole
		# the context came along, and all of it is in the cache now
		kvcache tokens cache | cmp - line
		echo | forward -c cache | distcat -t | cmp - whole
	done
	rm cache
	tr ' ' '\n' <line | head -n 70 >tokens
	while read -r id; do
		echo "$id" | forward -c cache >last
	done <tokens
	paste -sd ' ' tokens | forward | cmp - last
}

@test "forward: a cache of f32 and one of exact mode" {
	ids 70 >line
	for o in '-k f32' '-x' '-xk f32'; do
		rm -f cache
		cut -d ' ' -f 1-40 line | forward $o -c cache >/dev/null
		cut -d ' ' -f 41- line | forward $o -c cache >got
		forward $o <line | cmp - got
	done
}

@test "forward -e: each line alone" {
	ids 70 >prefix
	forward -c cache <prefix >/dev/null
	cp cache before
	printf '%s\n' '5 6 7' 8 '' '5 6 7' '9 10 11 12 13' >lines
	forward -ec cache -t <lines >got
	n=0
	while read -r line; do
		n=$((n + 1))
		echo "$(cat prefix)" $line | forward -t | sed "1s/seq=0/seq=$n/
			1s/once=0/once=1/"
	done <lines | cmp - got
	cmp cache before
	# without a cache the lines are the whole of their contexts
	seq 100 300 | forward -e >got
	seq 100 300 | while read -r id; do
		echo "$id" | forward
	done | distcat -t | grep -v '^#' >want
	values got | cmp - want
}

@test "forward -ea: every position, the last one ONCE" {
	printf '5 6 7\n8 9\n' | forward -eat | grep '^#' >got
	cat <<-'END' | cmp - got
	#dist kind=L vocab=4096 n=4096 seq=1 pos=1 start=1 once=0 ctx=5 eog=4095
	#dist kind=L vocab=4096 n=4096 seq=1 pos=2 start=0 once=0 ctx=6 eog=4095
	#dist kind=L vocab=4096 n=4096 seq=1 pos=3 start=0 once=1 ctx=7 eog=4095
	#dist kind=L vocab=4096 n=4096 seq=2 pos=1 start=1 once=0 ctx=8 eog=4095
	#dist kind=L vocab=4096 n=4096 seq=2 pos=2 start=0 once=1 ctx=9 eog=4095
	END
}

@test "forward: instruction sets agree" {
	local isa o m
	ids 150 >line
	PIPELM_ISA=scalar forward -v -a <line >all 2>said
	grep -q '^forward: scalar,' said
	ids 20 >short
	for o in -x '-k f32' '-xk f32'; do
		PIPELM_ISA=scalar forward $o <short
	done >options
	awk '{ for (i = 1; i <= 40 && i <= NF; i++) $i %= 290 } 1
		' "$DATA/llama/seq.tok" | cut -d ' ' -f 1-40 >small
	for m in "$DATA"/{llama,gpt2,quants}/*.gguf; do
		for o in '' -x '-k f32'; do
			PIPELM_ISA=scalar forward $o -am "$m" <small
		done
	done >models
	echo 1 >one
	for isa in avx2 avx512 neon dotprod; do
		export PIPELM_ISA=$isa
		if ! forward <one >/dev/null 2>&1; then
			fails 1 "forward: PIPELM_ISA: $isa is not supported here" \
				forward <one
			continue
		fi
		forward -v -a <line >got 2>said
		grep -q "^forward: $isa," said
		cmp got all
		for o in -x '-k f32' '-xk f32'; do
			forward $o <short
		done | cmp - options
		for m in "$DATA"/{llama,gpt2,quants}/*.gguf; do
			for o in '' -x '-k f32'; do
				forward $o -am "$m" <small
			done
		done | cmp - models
	done
	unset PIPELM_ISA
}

@test "forward: the checksum of a fixed run" {
	# the same on every processor and with every compiler
	ids 100 >line
	{ forward; forward -xk f32 <line; } <line | cksum >got
	cat got
	echo '2597982949 33640' | cmp - got
}

@test "forward: sequences side by side, and each alone" {
	ids 66 >prefix
	forward -c cache <prefix >/dev/null
	for step in 1 2 3; do
		for n in 1 2 3 4 5 6 7 8; do
			echo "@$n $((n * 100 + step)) $((n + step))"
		done
	done >mixed
	forward -c cache <mixed | distcat -t >got
	for n in 1 2 3 4 5 6 7 8; do
		grep "^@$n " mixed | forward -c cache | distcat -t >alone
		awk -v n="$n" '/^#/ { in_ = $0 ~ " seq=" n " " } in_' got |
			cmp - alone
	done
	[ "$(kvcache tokens cache)" = "$(cat prefix)" ]
}

@test "forward: a fork does not see what the cache's own sequence adds" {
	ids 70 >prefix
	forward -c cache <prefix >/dev/null
	cp cache copy
	printf '%s\n' '@1 5' '17 18 19' '@1 6' '@2 5 6' 20 | forward -c cache |
		distcat -t >got
	printf '@2 5 6\n' | forward -c copy | distcat -t >alone
	awk '/^#/ { in_ = / seq=2 / } in_' got | cmp - alone
	values alone >a
	awk '/^#/ { in_ = / seq=1 .*ctx=6 / } in_' got >b
	values b | cmp - a
	[ "$(kvcache tokens cache)" = "$(cat prefix) 17 18 19 20" ]
}

@test "forward -w: each line is the whole context" {
	{
		ids 70
		echo "$(ids 65) 5 6"
		echo "$(ids 65) 5 6"
		echo "$(ids 65)"
		echo 9
		echo "9 $(ids 70)"
	} >lines
	forward -wc cache <lines | distcat -t >got
	while read -r line; do
		echo "$line" | forward -t
	done <lines | cmp - got
	[ "$(kvcache tokens cache)" = "9 $(ids 70)" ]
	# with -a everything is evaluated, and the cache kept all the same
	ids 70 | forward -wc cache >/dev/null
	echo "$(ids 60) 5" | forward -waTc cache 2>/dev/null && false
	echo "$(ids 60) 5" | forward -wac cache | distcat -t >got
	echo "$(ids 60) 5" | forward -a | distcat -t | cmp - got
	[ "$(kvcache tokens cache)" = "$(ids 60) 5" ]
}

@test "forward: what a record says" {
	printf '5 6 7\n\n8\n@3 9\n@3 10 11\n' | forward -t | grep '^#' >got
	cat <<-'END' | cmp - got
	#dist kind=L vocab=4096 n=4096 seq=0 pos=3 start=1 once=0 ctx=5,6,7 eog=4095
	#dist kind=L vocab=4096 n=4096 seq=0 pos=3 start=0 once=0 ctx= eog=4095
	#dist kind=L vocab=4096 n=4096 seq=0 pos=4 start=0 once=0 ctx=8 eog=4095
	#dist kind=L vocab=4096 n=4096 seq=3 pos=1 start=1 once=0 ctx=9 eog=4095
	#dist kind=L vocab=4096 n=4096 seq=3 pos=3 start=0 once=0 ctx=10,11 eog=4095
	END
	# an empty line gives the same distribution once more
	printf '5 6 7\n\n' | forward >got
	echo 5 6 7 | forward >once
	values got | head -n 4097 >a
	values got | tail -n 4097 | cmp - a
	values once | cmp - a
}

# wide ROWS: wide.gguf is a model whose vocabulary is padded to so many rows, which
# stand behind all other tensors
wide() {
	local model=$DATA/llama/f16.gguf edit=$PIPELM_TOOLS/gguf-edit
	local bytes=$(($1 * 64 * 2)) name from at
	"$edit" list <"$model" >parts
	at=$(awk '$2 == "data" { print $1; exit }' parts)
	at=$(($(wc -c <"$model") - at))
	cp "$model" wide.gguf
	for name in token_embd.weight output.weight; do
		"$edit" tensor-dims $name 64 "$1" <wide.gguf |
			"$edit" tensor-offset $name "$at" >next
		mv next wide.gguf
		at=$((at + bytes))
	done
	for name in token_embd.weight output.weight; do
		from=$(awk -v name=$name \
			'$2 == "data" && $3 == name { print $1 }' parts)
		tail -c +$((from + 1)) "$model" | head -c $((300 * 64 * 2)) >rows
		truncate -s $bytes rows
		cat rows >>wide.gguf
	done
}

@test "forward: a long record, begun while it is worked out" {
	wide 100000
	printf '1 2 3\n4\n5\n6 7\n' >lines
	forward -j 1 -m wide.gguf <lines >one
	[ "$(wc -c <one)" -gt $((4 * 4 * 100000)) ]
	forward -j 1 -m "$DATA/llama/f16.gguf" <lines >narrow
	values narrow >want
	values one | awk '$1 < 300' | diff want -
	values one | awk '$1 >= 300 && $2 != "-inf"' | diff /dev/null -
	for j in 2 3; do
		forward -j "$j" -m wide.gguf <lines | cmp - one
	done
	forward -j 2 -m wide.gguf <lines | topk 5 | distcat -t >got
	topk 5 one | distcat -t | cmp - got
	# no room for all of the second record, or the third
	got=$(
		trap '' XFSZ
		ulimit -f 1000
		got=0
		forward -j 2 -m wide.gguf <lines >out 2>err || got=$?
		echo "$got"
	)
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'forward: stdout: File too large' ]
}

@test "forward: the record is there before the next line, the cache before it" {
	mkfifo in out
	forward -c cache <in >out &
	exec 5>in 6<out
	bytes=$((32 + 4 * 2 + 4 + 4 * 4096))
	echo 5 6 >&5
	head -c "$bytes" <&6 >got
	[ "$(wc -c <got)" -eq "$bytes" ]
	[ "$(kvcache tokens cache)" = "5 6" ]
	exec 5>&-
	wait $!
	exec 6<&-
}

@test "forward: the context's limit" {
	ids 512 | forward | tail -c 4 >got
	[ "$(wc -c <got)" -eq 4 ]
	ids 513 >line
	fails 1 'forward: stdin: line 1: the context is full: 513 tokens, the limit is 512' \
		forward <line
	fails 1 'forward: stdin: line 1: the context is full: 513 tokens, the limit is 512' \
		forward -w <line
	echo 1 2 3 >line
	fails 1 'forward: stdin: line 1: the context is full: 3 tokens, the limit is 2' \
		forward -C 2 <line
	fails 1 'forward: stdin: line 1: the context is full: 3 tokens, the limit is 2' \
		forward -eC 2 <line
	# what came before is done, and the cache holds it
	ids 511 >line
	printf '7\n8\n' >>line
	got=0
	forward -c cache <line >out 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'forward: stdin: line 3: the context is full: 513 tokens, the limit is 512' ]
	[ "$(distcat -t out | grep -c '^#')" -eq 2 ]
	[ "$(kvcache tokens cache)" = "$(ids 511) 7" ]
}

@test "forward: bad lines" {
	bad() {
		printf "$1" >line
		fails 1 "forward: stdin: line $2" forward <line
	}
	bad '\n' '1: the context is empty'
	bad '@1\n' '1: the context is empty'
	bad '4096\n' '1: id 4096 is not in the vocabulary of 4096'
	bad '5 99999999999\n' '1, column 3: number too large'
	bad '@4294967296 5\n' '1, column 2: number too large'
	bad '5 x\n' '1, column 3: not a token id'
	bad '5 -1\n' '1, column 3: not a token id'
	bad '5,6\n' '1, column 2: not a token id'
	bad '5 @1\n' '1, column 3: not a token id'
	bad '@ 5\n' '1, column 2: not a token id'
	bad '5\t6\n' '1, column 2: not a token id'
	bad '5 6' '1, column 4: the line does not end'
	bad '5\0\n' '1, column 2: not a token id'
	printf '@1 5\n' >line
	fails 1 'forward: stdin: line 1: tagged, which lines of -e cannot be' \
		forward -e <line
	# blanks and carriage returns are all right; so is nothing at all
	printf '  5   6 \r\n' | forward >got
	echo 5 6 | forward | cmp - got
	forward </dev/null >got
	[ ! -s got ]
	# a bad line does not take away what came before it
	got=0
	printf '5\n6\nx\n' | forward >out 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(distcat -t out | grep -c '^#')" -eq 2 ]
	[ "$(cat err)" = 'forward: stdin: line 3, column 1: not a token id' ]
}

@test "forward: bad options and environment" {
	echo 5 >line
	fails 2 "forward: threads: 0 is not between 1 and 256" forward -j 0 <line
	fails 2 "forward: threads: 'x' is not a whole number" forward -j x <line
	fails 2 "forward: context: '1k' is not a whole number" forward -C 1k <line
	fails 2 "forward: -k: 'f64' is not f16 or f32" forward -k f64 <line
	fails 2 "forward: -e and -w exclude each other" forward -ew <line
	fails 2 "forward: -z: unknown option" forward -z <line
	fails 2 "forward: -m: needs a value" forward -m <line
	fails 2 "usage: forward *" forward line <line
	export PIPELM_ISA=mmx
	fails 1 "forward: PIPELM_ISA: 'mmx' is not one of scalar, avx2, avx512, neon, dotprod" \
		forward <line
	PIPELM_ISA=
	forward <line >got
	[ -s got ]
	unset PIPELM_ISA
	PIPELM_MODEL=nowhere.gguf fails 1 \
		'forward: nowhere.gguf: No such file or directory' forward <line
	PIPELM_MODEL= forward <line | cmp - got
}

@test "forward: a thread for each core that it may run on" {
	[ "$(uname -s)" = Linux ] && command -v taskset >/dev/null ||
		skip 'no taskset'
	local cpu
	cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
	tokenize a | taskset -c "$cpu" forward -v >out 2>err
	grep -q ', 1 thread; ' err
}

@test "forward: a full disk, a reader that leaves" {
	seq 1 500 >lines
	got=0
	forward <lines >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'forward: stdout: No space left on device' ]
	set +o pipefail
	forward <lines 2>err | head -c 1 >one
	[ "$(wc -c <one)" -eq 1 ]
	[ ! -s err ]
}

@test "forward: closed standard streams" {
	echo 5 >line
	got=0
	forward -c cache <line >&- 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'forward: stdout: Bad file descriptor' ]
	[ "$(kvcache check cache)" = "cache: 1 positions" ]
	fails 1 'forward: stdin: Bad file descriptor' forward -c cache <&-
	[ "$(kvcache check cache)" = "cache: 1 positions" ]
	got=0
	echo x | forward -c cache >out 2>&- || got=$?
	[ "$got" -eq 1 ]
	[ "$(kvcache check cache)" = "cache: 1 positions" ]
}

@test "forward -v: what it did" {
	printf '5 6 7\n8\n9\n' | forward -vj 1 2>said >/dev/null
	[ "$(wc -l <said)" -eq 1 ]
	grep -Eq '^forward: [a-z0-9]+, 1 thread; load [0-9.]+ ms; ' said
}
