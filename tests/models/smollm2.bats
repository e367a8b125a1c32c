# SmolLM2-135M-Instruct.Q4_1 against Transformers; see agree.bash.
load ../helper
load ../agree

name=smollm2
file=SmolLM2-135M-Instruct.Q4_1.gguf
near=0.005
tie=0.5

@test "smollm2: text and chat forms become the ids that Transformers has" {
	agrees_tokens
}

@test "smollm2: exact mode gives the reference's logits and choices" {
	agrees_exactly
}

@test "smollm2: as it runs by default it stays near" {
	agrees_nearly
}

@test "get-model: what is there and whole is left alone" {
	touch -r "$PIPELM_MODEL" before
	[ "$("$TOP/examples/get-model")" = "$PIPELM_MODEL" ]
	[ ! "$PIPELM_MODEL" -nt before ]
}
