# The KV-cache file: an append-only log that survives whatever happens to it.
load helper

HEADER=72

# ids N: a line of N token ids of the bundled model, always the same.
ids() {
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%s%d", i ? " " : "", (i * 37 + 11) % 4095
		print ""
	}'
}

# make_cache N: `cache` with N positions; RECORD is set to a record's size.
make_cache() {
	ids "$1" | forward -c cache >/dev/null
	RECORD=$(((($(wc -c <cache)) - HEADER) / $1))
	[ "$(wc -c <cache)" -eq $((HEADER + $1 * RECORD)) ]
}

# poke FILE OFFSET: change the byte there.
poke() {
	local byte
	byte=$(od -An -t u1 -j "$2" -N 1 "$1")
	printf "\\$(printf %o $(((byte + 1) % 256)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

@test "kvcache: info, tokens, check" {
	make_cache 5
	kvcache info cache >got
	cat <<-END | sed 's/: /\t/' | diff - <(grep -v '^model' got)
	positions: 5
	tail: 0 bytes
	layers: 6
	heads: 2
	head size: 32
	type: f16
	exact: no
	record: 1544 bytes
	END
	[ "$(kvcache tokens cache)" = "$(ids 5)" ]
	[ "$(kvcache check cache)" = "cache: 5 positions" ]
	: | forward -xk f32 -c other
	kvcache info other | grep -q 'type.f32'
	kvcache info other | grep -q 'exact.yes'
	[ "$(kvcache tokens other)" = "" ]
	kvcache tokens other | cmp - <(echo)
}

@test "kvcache: trim and copy" {
	make_cache 9
	cp cache whole
	kvcache trim 9 cache
	cmp cache whole
	kvcache trim 4 cache
	cmp cache <(head -c $((HEADER + 4 * RECORD)) whole)
	kvcache copy cache fork
	cmp cache fork
	# forks go their own ways
	echo 5 | forward -c fork >/dev/null
	echo 6 | forward -c cache >/dev/null
	[ "$(kvcache tokens fork)" = "$(ids 4) 5" ]
	[ "$(kvcache tokens cache)" = "$(ids 4) 6" ]
	# trimmed and grown again is the same file
	kvcache trim 4 cache
	ids 9 | cut -d ' ' -f 5- | forward -c cache >/dev/null
	cmp cache whole
	kvcache trim 0 cache
	[ "$(wc -c <cache)" -eq $HEADER ]
	fails 1 'kvcache: cache: has 0 good positions, not 1' \
		kvcache trim 1 cache
	fails 1 'kvcache: fork: File exists' kvcache copy whole fork
	fails 1 'kvcache: nowhere/fork: No such file or directory' \
		kvcache copy whole nowhere/fork
}

@test "kvcache: the file is what kvcache(5) says" {
	make_cache 3
	[ "$(head -c 14 cache)" = "pipelm kvcache" ]
	u32() { od -An -t u4 -j "$1" -N 4 cache | tr -d ' '; }
	[ "$(u32 16) $(u32 20) $(u32 24) $(u32 28)" = "1 72 1544 0" ]
	[ "$(u32 40) $(u32 44) $(u32 48) $(u32 52)" = "6 2 32 1" ]
	[ "$(u32 56) $(u32 60) $(u32 64)" = "3 0 0" ]
	for i in 0 1 2; do
		[ "$(u32 $((HEADER + i * RECORD)))" = "$(ids 3 | cut -d ' ' -f $((i + 1)))" ]
	done
	# CRC-32C of the header and of the first record, by another program
	cat >crc.awk <<-'END'
	function xor(a, b,  r, p) {
		for (p = 1; a || b; p *= 2) {
			if (a % 2 != b % 2) r += p
			a = int(a / 2); b = int(b / 2)
		}
		return r
	}
	BEGIN { c = 4294967295 }
	{
		for (i = 1; i <= NF; i++) {
			c = xor(c, $i)
			for (k = 0; k < 8; k++)
				c = c % 2 ? xor(int(c / 2), 2197175160) : int(c / 2)
		}
	}
	END { printf "%.0f\n", 4294967295 - c }
	END
	head -c 68 cache | od -An -v -t u1 | awk -f crc.awk >got
	u32 68 | cmp - got
	{ tail -c +69 cache | head -c 8; tail -c +81 cache | head -c 1536; } |
		od -An -v -t u1 | awk -f crc.awk >got
	u32 76 | cmp - got
}

@test "kvcache: both checksums are the same one" {
	PIPELM_ISA=scalar make_cache 3
	[ "$(PIPELM_ISA=scalar kvcache check cache)" = "cache: 3 positions" ]
	[ "$(kvcache check cache)" = "cache: 3 positions" ]
}

@test "kvcache: a torn tail is cut by a writer, ignored by a reader" {
	make_cache 4
	cp cache whole
	echo 7 | forward -c whole >want
	for cut in 1 3 4 7 8 9 100 1536 1543; do
		head -c $((HEADER + 3 * RECORD + cut)) whole >cache
		[ "$(kvcache tokens cache)" = "$(ids 3)" ]
		[ "$(kvcache check cache)" = "cache: 3 positions, a torn tail of $cut bytes" ]
		echo 7 | forward -ec cache >/dev/null 2>err
		[ ! -s err ]
		[ "$(wc -c <cache)" -eq $((HEADER + 3 * RECORD + cut)) ]
		ids 4 | cut -d ' ' -f 4 | forward -c cache 2>err >/dev/null
		[ "$(cat err)" = "forward: cache: cut a torn tail of $cut bytes after 3 positions" ]
		echo 7 | forward -c cache | cmp - want
		cmp cache whole
	done
	# a last record of the right length that is bad, or two, or zeros
	cp whole cache
	poke cache $((HEADER + 4 * RECORD + 4))
	[ "$(kvcache tokens cache)" = "$(ids 4)" ]
	poke cache $((HEADER + 3 * RECORD + 999))
	[ "$(kvcache tokens cache)" = "$(ids 3)" ]
	head -c 3000 /dev/zero >>cache
	[ "$(kvcache tokens cache)" = "$(ids 3)" ]
	kvcache trim 3 cache
	cmp cache <(head -c $((HEADER + 3 * RECORD)) whole)
}

@test "kvcache: damage before the end is an error, and trim keeps what precedes it" {
	make_cache 6
	cp cache whole
	for at in 0 4 8 1000; do
		cp whole cache
		poke cache $((HEADER + 2 * RECORD + at))
		cp cache damaged
		for command in 'kvcache check' 'kvcache info' 'kvcache tokens' \
			'forward -c' 'forward -ec'; do
			echo 5 >line
			fails 1 "${command%% *}: cache: position 2 is damaged (kvcache trim 2 keeps what precedes it)" \
				$command cache <line
		done
		fails 1 'kvcache: cache: position 2 is damaged *' \
			kvcache copy cache new
		[ ! -e new ]
		cmp cache damaged
		fails 1 'kvcache: cache: has 2 good positions, not 3' \
			kvcache trim 3 cache
		kvcache trim 2 cache
		cmp cache <(head -c $((HEADER + 2 * RECORD)) whole)
	done
}

@test "kvcache: records in another order, or of another cache, do not pass" {
	make_cache 4
	{
		head -c $((HEADER + RECORD)) cache
		tail -c +$((HEADER + 2 * RECORD + 1)) cache | head -c "$RECORD"
		tail -c +$((HEADER + RECORD + 1)) cache | head -c "$RECORD"
		tail -c "$RECORD" cache
	} >mixed
	# each of the three follows a record that is not its own predecessor
	[ "$(kvcache tokens mixed)" = "$(ids 1)" ]
}

@test "kvcache: a header that is not whole is a new cache, another an error" {
	echo 5 >line
	make_cache 2
	cp cache whole
	for n in 0 1 15 16 40 71; do
		head -c "$n" whole >cache
		ids 2 | forward -c cache >/dev/null
		cmp cache whole
	done
	echo no cache >cache
	fails 1 'forward: cache: not a KV cache' forward -c cache <line
	head -c 200 /dev/zero >cache
	fails 1 'forward: cache: not a KV cache' forward -c cache <line
	fails 1 'kvcache: cache: not a KV cache' kvcache info cache
	: >cache
	fails 1 'kvcache: cache: empty file' kvcache info cache
	for n in 20 24 33 41 53 57 61 69; do
		cp whole cache
		poke cache $n
		cp cache damaged
		fails 1 'forward: cache: the header is damaged' \
			forward -c cache <line
		fails 1 'kvcache: cache: the header is damaged' \
			kvcache trim 0 cache
		cmp cache damaged
	done
	cp whole cache
	poke cache 16
	fails 1 'forward: cache: version 2 of the format, not 1' \
		forward -c cache <line
}

@test "kvcache: a cache of another model, type, mode" {
	echo 5 >line
	make_cache 2
	cp cache before
	fails 1 'forward: cache: made by another model' \
		forward -m "$DATA/llama/f32.gguf" -c cache <line
	fails 1 'forward: cache: holds f16, not f32 (-k)' \
		forward -k f32 -c cache <line
	fails 1 'forward: cache: made without exact mode (-x)' \
		forward -x -c cache <line
	cmp cache before
	# a fine-tune differs from its base: one weight's byte, the same shapes
	cp "$TOP/examples/tiny.gguf" tuned.gguf
	poke tuned.gguf $(($(wc -c <tuned.gguf) - 5))
	fails 1 'forward: cache: made by another model' \
		forward -m tuned.gguf -c cache <line
	# where the file lies does not matter
	cp "$TOP/examples/tiny.gguf" moved.gguf
	forward -m moved.gguf -c cache <line >/dev/null
	[ "$(kvcache tokens cache)" = "$(ids 2) 5" ]
}

@test "kvcache: what is not a file" {
	echo 5 >line
	fails 1 'forward: .: Is a directory' forward -c . <line
	fails 1 'kvcache: .: not a regular file' kvcache info .
	mkfifo fifo
	fails 1 'forward: fifo: not a regular file' forward -c fifo <line
	fails 1 'kvcache: fifo: not a regular file' kvcache info fifo
	fails 1 'kvcache: nowhere: No such file or directory' \
		kvcache info nowhere
	fails 1 'forward: nowhere: No such file or directory' \
		forward -ec nowhere <line
	fails 1 'forward: nowhere/cache: No such file or directory' \
		forward -c nowhere/cache <line
	[ ! -e nowhere ]
	[ "$(id -u)" -ne 0 ] || skip "root may read everything"
	make_cache 1
	chmod 0 cache
	fails 1 'forward: cache: Permission denied' forward -c cache <line
}

@test "kvcache: one writer; readers share; cutting waits for nobody" {
	make_cache 3
	mkfifo in out
	forward -c cache <in >out &
	writer=$!
	exec 5>in 6<out
	echo 9 >&5
	head -c 16000 <&6 >/dev/null
	echo 5 >line
	fails 1 "forward: cache: in use by process $writer" \
		forward -c cache <line
	fails 1 "kvcache: cache: in use by process $writer" \
		kvcache trim 1 cache
	# reading goes on beside it
	[ "$(kvcache tokens cache)" = "$(ids 3) 9" ]
	forward -ec cache <line >got
	kvcache copy cache fork
	echo 5 | forward -ec fork | cmp - got
	exec 5>&-
	cat <&6 >/dev/null
	wait "$writer"
	exec 6<&-
	echo 10 | forward -c cache >/dev/null
	[ "$(kvcache tokens cache)" = "$(ids 3) 9 10" ]
}

@test "kvcache: a file that cannot grow keeps what it had" {
	make_cache 2
	cp cache before
	ids 40 >line
	# 8 or 16 KiB: some of the 40 records would fit
	big=$(
		trap '' XFSZ
		ulimit -f 16
		got=0
		forward -c cache <line >/dev/null 2>err || got=$?
		echo "$got"
	)
	[ "$big" -eq 1 ]
	[ "$(cat err)" = 'forward: cache: File too large' ]
	cmp cache before
	# no room for even a header
	(
		trap '' XFSZ
		ulimit -f 0
		forward -c new <line
	) >out 2>/dev/null && false
	[ ! -s new ]
}

@test "kvcache: a full disk keeps what it had" {
	mkdir disk
	mount -t tmpfs -o size=64k none disk 2>/dev/null || skip "cannot mount"
	ids 20 | forward -c disk/cache >/dev/null
	cp disk/cache before
	ids 40 >line
	got=0
	forward -c disk/cache <line >out 2>err || got=$?
	cmp disk/cache before || got=changed
	umount disk
	[ "$got" = 1 ]
	[ "$(cat err)" = 'forward: disk/cache: No space left on device' ]
	[ ! -s out ]
}

@test "kvcache: -S gives the same file" {
	make_cache 3
	ids 3 | tr ' ' '\n' | forward -Sc synced >/dev/null
	cmp cache synced
}

@test "kvcache: usage" {
	for args in '' 'look cache' 'info' 'info a b' 'trim cache' 'copy a'; do
		fails 2 'usage: kvcache *' kvcache $args
	done
	make_cache 1
	fails 2 "kvcache: positions: 'x' is not a whole number" \
		kvcache trim x cache
	fails 2 'kvcache: -z: unknown option' kvcache -z
	got=0
	kvcache info cache >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'kvcache: stdout: No space left on device' ]
}
