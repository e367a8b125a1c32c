# gemma-3-270m-q4_k_m against Transformers; see agree.bash.
load ../helper
load ../agree

name=gemma3
file=gemma-3-270m-q4_k_m.gguf
near=0.01
tie=0.8

@test "gemma3: text and chat forms become the ids that Transformers has" {
	agrees_tokens
}

@test "gemma3: exact mode gives the reference's logits and choices" {
	agrees_exactly
}

@test "gemma3: as it runs by default it stays near" {
	agrees_nearly
}
