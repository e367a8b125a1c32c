/*
 * rope - rotary positions (Su et al. 2021, "RoFormer"): how far each pair of a
 * head's dimensions turns from one position to the next.
 *
 *	rope_init(&r, dim, base);
 *	rope_linear(&r, factor);	(or rope_yarn, where the model asks)
 *	free(r.freq);
 */
#ifndef ROPE_H
#define ROPE_H

#include <stddef.h>

struct rope {
	size_t dim;  /* dimensions of a head that turn, from the first; even */
	float *freq; /* (dim / 2) radians a position; owned by who holds it */
	float scale; /* of what has turned: YaRN's attention factor */
};

/* Pair i turns by base^(-2i/dim), taken in double and rounded. */
void rope_init(struct rope *r, size_t dim, double base);
/* Position interpolation (Chen et al. 2023): all turn slower by factor. */
void rope_linear(struct rope *r, double factor);
/*
 * YaRN (Peng et al. 2023, "YaRN: Efficient Context Window Extension"): pairs
 * that turn fewer than `slow` times in the context of the training (ctx
 * positions) are interpolated by factor, those that turn more than `fast` times
 * are left, between them a ramp. scale becomes 0.1 ln(factor) + 1.
 */
void rope_yarn(struct rope *r, double base, double factor, double ctx,
    double fast, double slow);

#endif
