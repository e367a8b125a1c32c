# The whole context that a model was trained for, 32768 positions.
load ../helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH
FAMILIES=$DATA/families

@test "forward: a context of 32768" {
	cp -R "$FAMILIES/llama3" model
	sed 's/"max_position_embeddings": 64/"max_position_embeddings": 32768/' \
		"$FAMILIES/llama3/config.json" >model/config.json
	awk 'BEGIN { for (i = 0; i < 32768; i++)
		printf "%d ", (31 * i + int(i / 7)) % 47; print "" }' >line
	tail -c 188 "$FAMILIES/context.f32" >want
	forward -xk f32 -m model -c cache <line | compare want >got
	cat got
	awk '!($1 == 1 && $2 <= 1e-3 && $4 == 1) { exit 1 }' got
	[ "$(kvcache tokens cache | wc -w)" -eq 32768 ]
	echo 3 >line
	fails 1 'forward: stdin: line 1: the context is full: 32769 tokens, the limit is 32768' \
		forward -xk f32 -m model -c cache <line
}
