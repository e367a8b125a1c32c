# pipelm: make, make demo, make check, make bench, make install.
# A second build beside the first: make O=build-asan B=bin-asan DEV='-fsanitize=address'

CC ?= cc
CFLAGS ?= -O3 -g
DEV =
O = build
B = bin
PREFIX = /usr/local
DESTDIR =

STD = -std=c11 -D_XOPEN_SOURCE=700
# Same bits everywhere: no contraction of a * b + c that the source does not
# spell as fma; never -ffast-math, never -march=native.
BITS = -ffp-contract=off -fno-math-errno -fno-trapping-math
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wcast-qual -Wvla
ALL_CFLAGS = $(STD) $(BITS) $(WARN) -Ilib -pthread $(CFLAGS) $(DEV)
ALL_LDFLAGS = -pthread $(LDFLAGS) $(DEV)

PROGS = tokenize detokenize until forward logits-to-probs topk topp draw \
	distcat kvcache
SCRIPTS = generate
MODULES = util buf io map bundled tokens gguf dtype fmath

OBJS = $(MODULES:%=$O/lib/%.o)
# while programs are being written: those whose source is there
HAVE = $(filter $(basename $(notdir $(wildcard cmd/*.c))),$(PROGS))
HAVESH = $(filter $(notdir $(wildcard cmd/*)),$(SCRIPTS))

all: $(HAVE:%=$B/%) $(HAVESH:%=$B/%)

$B/%: $O/cmd/%.o $O/libpipelm.a
	@mkdir -p $B
	$(CC) -o $@ $< $O/libpipelm.a $(ALL_LDFLAGS) -lm

$B/%: cmd/%
	@mkdir -p $B
	cp $< $@
	chmod +x $@

$O/libpipelm.a: $(OBJS)
	rm -f $@
	$(AR) rcs $@ $(OBJS)

$O/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

clean:
	rm -rf build build-* bin bin-*

.PHONY: all clean
.SECONDARY:
-include $(wildcard $O/lib/*.d $O/cmd/*.d)
