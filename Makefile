# pipelm: make, make demo, make check, make bench, make install.
# GNU make. A second build stands beside the first in folders of its own:
#	make O=build-asan B=bin-asan DEV='-fsanitize=address,undefined'

# make itself presets CC and AR; given empty (as by an environment that exports
# all it knows) they fall back. CFLAGS= given empty is meant: no flags of ours.
override CC := $(or $(CC),cc)
override AR := $(or $(AR),ar)
override O := $(or $O,build)
override B := $(or $B,bin)
CFLAGS ?= -O3 -g
PREFIX ?= /usr/local

STD = -std=c11 -D_XOPEN_SOURCE=700
# Same bits everywhere: no contraction of a * b + c that the source does not
# spell as fma; never -ffast-math, never -march=native.
BITS = -ffp-contract=off -fno-math-errno
# Left out: -Werror, which turns a newer compiler's opinion into a build that
# fails for a stranger (.ci/run gives it in DEV); -Wdouble-promotion, since sums
# of floats are taken in double on purpose; -Wfloat-equal, since equality of
# bits is what is promised; -Wcast-align, which says nothing on the machines
# that forgive and too much elsewhere (unaligned loads go through memcpy);
# -Wformat-nonliteral, since util passes formats on, checked by PRINTF().
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wcast-qual -Wvla -Wundef \
	-Wpointer-arith
# Programs that hold the C library start in two thirds of the time, where a pipe
# starts four for each token. It takes a libc.a that is made for it, a compiler
# that makes code for any place, no sanitizer, and nobody who says otherwise.
# `make STATIC=` leaves it out.
ifneq ($(origin STATIC),command line)
GIVEN = $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(DEV)
SAID = $(foreach w,-fsanitize -static pie,$(findstring $w,$(GIVEN)))
PROBE = \#include <stdio.h>\n\
int main(int n, char **v) { return puts(n > 1 ? v[1] : "x") < 0; }\n
STATIC := $(if $(strip $(SAID)),,$(shell \
	printf '$(PROBE)' | $(CC) -pthread $(CPPFLAGS) $(CFLAGS) -static-pie \
	$(LDFLAGS) $(DEV) -x c -o /dev/null - -lm $(LDLIBS) 2>/dev/null && \
	echo -static-pie))
endif
ALL_CFLAGS = $(STD) $(BITS) $(WARN) -Ilib -pthread $(CPPFLAGS) $(CFLAGS) $(DEV)
LINK = $(CC) -pthread $(CFLAGS) $(STATIC) $(LDFLAGS) $(DEV)

PROGS = tokenize detokenize until forward logits-to-probs topk topp minp \
	pless typical eta topnsigma xtc mirostat norepeat bias only mix draw \
	distcat kvcache modelinfo quantize show surprisal gltr curvature \
	binoculars watermark watermark-detect
SCRIPTS = generate
MODULES = util isa wide buf io lend map bundled tokens modelfile gguf \
	json safetensors hfread hfrope hfconfig hfsteps hftok hftensor hf \
	dtype quant fmath rng encode encode_k ggufwrite ggufkeys spmkeys recode \
	seqmap dist disttext history softmax select mirostate \
	ere nfa dfa trie \
	kern kernel_scalar kernel_scalar_q \
	kernel_avx2 kernel_avx2_float kernel_avx2_q8 kernel_avx2_attn \
	kernel_avx2_q_row kernel_avx2_q_panel \
	kernel_avx512 kernel_avx512_float kernel_avx512_attn \
	kernel_avx512_q_row kernel_avx512_q_lane kernel_avx512_q_panel \
	kernel_avx512_q_add \
	kernel_neon kernel_neon_float kernel_neon_q8 kernel_neon_attn \
	kernel_neon_q kernel_neon_dotprod \
	cpus pool rope hparam model seq kvfile linear attention forward utf8 unidata escape \
	nfc nfcdata vocab spelling pretok ids merge bpe spm cuts known \
	tokenizer texts mt19937 normal green logprob scored \
	pieces

OBJS = $(MODULES:%=$O/lib/%.o)
LIB = $O/libpipelm.a
BINS = $(PROGS:%=$B/%) $(SCRIPTS:%=$B/%)
UNITS = $(patsubst tests/unit/%.c,$O/tests/%,$(wildcard tests/unit/*.c))
# what the tests use that is neither a test nor a program of the suite
TOOLS = $(patsubst tests/tool/%.c,$O/tests/%,$(wildcard tests/tool/*.c))
FUZZ = $(patsubst tests/fuzz/%.c,$O/fuzz/%,$(wildcard tests/fuzz/*.c))
# what the tests need to know of this build
TESTENV = PIPELM_BIN="$$(cd $B && pwd)" PIPELM_FLAVOUR="O=$O B=$B" \
	PIPELM_TOOLS="$$(cd $O/tests && pwd)"

all: $(BINS)

$(PROGS:%=$B/%): $B/%: $O/cmd/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK) -o $@ $< $(LIB) -lm $(LDLIBS)

$(SCRIPTS:%=$B/%): $B/%: cmd/%
	@mkdir -p $(@D)
	cp $< $@
	chmod +x $@

$(LIB): $(OBJS)
	rm -f $@
	$(AR) rcs $@ $(OBJS)

$(UNITS): $O/tests/%: $O/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK) -o $@ $< $(LIB) -lm $(LDLIBS)

$(TOOLS): $O/tests/%: $O/tests/tool/%.o
	@mkdir -p $(@D)
	$(LINK) -o $@ $< -lm $(LDLIBS)

$O/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

demo: all
	@echo "\$$ $B/generate -s 1 -n 120 'Once upon a time'"
	@$B/generate -s 1 -n 120 'Once upon a time' </dev/null

# A model that knows something of the world, into the user's cache folder.
model:
	@examples/get-model

units: $(UNITS) $(TOOLS)

check: all units
	@$(TESTENV) tests/check tests/*.bats $(UNITS)

# What needs real models, which are fetched if they can be.
check-models: all units
	@for m in smollm2 gemma3; do examples/get-model $$m >/dev/null || :; done
	@$(TESTENV) tests/check tests/models/*.bats

# AArch64 by a cross compiler and qemu's user emulation; skipped without them.
check-arm: all $(TOOLS)
	@$(TESTENV) tests/check tests/arm/neon.bats

# What takes minutes: tests/long, and parsers against random bytes by clang's
# libFuzzer, in a build of its own.
check-long: all units
	@$(TESTENV) tests/check tests/long/*.bats
	$(MAKE) O=build-fuzz B=bin-fuzz CC=clang CFLAGS='-O1 -g' \
	    DEV='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
	    fuzz

fuzz: $(FUZZ)
	for f in $(FUZZ); do \
		$$f -max_total_time=20 -seed=1 -artifact_prefix=$$f- || exit; \
	done

$(FUZZ): $O/fuzz/%: $O/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer -o $@ $< $(LIB) -lm $(LDLIBS)

# MODELS='FILE ...': those too, against LLAMA_BENCH and IK_BENCH if these name
# other programs.
bench: all units
	@$(TESTENV) CC='$(CC)' CFLAGS='$(CFLAGS)' tests/bench
	@$(TESTENV) tests/loops $(MODELS)
	@[ -z "$(MODELS)" ] || $(TESTENV) tests/versus $(MODELS)

# install(1) unlinks what it replaces: a running program and a mapped model
# keep the file that they have.
DEST = $(DESTDIR)$(PREFIX)
SHARE = examples/tiny.gguf examples/tiny.md
EXAMPLES = $(filter-out %.gguf %.md %.svg %.png %/few-shot,$(wildcard examples/*))
TASKS = $(wildcard examples/few-shot/*)
PAGES = $(wildcard man/*.[157])

install: all
	install -d "$(DEST)/bin" "$(DEST)/share/pipelm"
	install -m 755 $(BINS) "$(DEST)/bin"
	install -m 644 $(SHARE) "$(DEST)/share/pipelm"
	install -d "$(DEST)/share/pipelm/examples"
	install -m 755 $(filter-out %.txt,$(EXAMPLES)) \
		"$(DEST)/share/pipelm/examples"
	install -m 644 $(filter %.txt,$(EXAMPLES)) "$(DEST)/share/pipelm/examples"
	install -d "$(DEST)/share/pipelm/examples/few-shot"
	install -m 644 $(TASKS) "$(DEST)/share/pipelm/examples/few-shot"
	for page in $(PAGES); do \
		to="$(DEST)/share/man/man$${page##*.}"; \
		install -d "$$to" && install -m 644 $$page "$$to" || exit; \
	done

uninstall:
	cd "$(DEST)/bin" && rm -f $(notdir $(BINS))
	cd "$(DEST)/share/pipelm" && rm -f $(notdir $(SHARE))
	cd "$(DEST)/share/pipelm/examples" && rm -f $(notdir $(EXAMPLES)) \
		$(TASKS:examples/%=%)
	cd "$(DEST)/share/pipelm" && rmdir examples/few-shot examples
	rmdir "$(DEST)/share/pipelm"
	for page in $(notdir $(PAGES)); do \
		rm -f "$(DEST)/share/man/man$${page##*.}/$$page" || exit; \
	done

clean:
	rm -rf build build-* bin bin-*

.PHONY: all units demo model check check-arm check-long check-models fuzz bench \
	install uninstall clean
-include $(wildcard $O/lib/*.d $O/cmd/*.d $O/tests/*/*.d)
