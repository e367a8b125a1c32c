/* kernel_scalar - the definitions that stand in files of their own or that
 * other kernels go back to; see kern.h. */
#ifndef KERNEL_SCALAR_H
#define KERNEL_SCALAR_H

#include "kern.h"

/* One function each, for all types of blocks. */
kern_matmul_q scalar_matmul_q;
kern_add_q scalar_add_q;
kern_both_q scalar_both_q;
kern_dequant scalar_dequant;
void scalar_quant_q8(const struct acts *to, const float *x, size_t k,
    size_t block);

/* Of a block of activations whose largest magnitude has these bits: the scale,
 * and what to multiply by; 0 when all become 0. */
float quant_inverse(float *d, uint32_t top);

#endif
