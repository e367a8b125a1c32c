/*
 * probe - what this machine can do at most, for `make bench` to compare with.
 *
 *	probe [THREADS]
 *
 * Prints lines `name value unit`: `read`, memory read in four streams to each
 * thread, 256 MB in all, the best of fifteen; `fma` and `int8`, one thread's
 * products of floats and of bytes (a product and a sum are two), from registers
 * alone, where the processor is x86-64 with AVX2 or more.
 */
#define _DEFAULT_SOURCE /* madvise */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { STREAMS = 4, MOST = 256, RUNS = 15 };

static const size_t bytes = 256u << 20;
static volatile uint64_t sink;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct part {
	const uint64_t *p;
	size_t n; /* words in a stream */
	double begin, end;
	pthread_barrier_t *start;
};

static void *
run(void *arg)
{
	struct part *x = arg;
	const uint64_t *p = x->p;
	uint64_t s[8] = { 0 };
	size_t n = x->n;

	pthread_barrier_wait(x->start);
	x->begin = now();
	for (size_t i = 0; i < n; i += 2)
		for (size_t j = 0; j < 2; j++) {
			s[j] ^= p[i + j];
			s[2 + j] ^= p[n + i + j];
			s[4 + j] ^= p[2 * n + i + j];
			s[6 + j] ^= p[3 * n + i + j];
		}
	x->end = now();
	for (int i = 1; i < 8; i++)
		s[0] ^= s[i];
	sink = s[0];
	return NULL;
}

/* Bytes a second, the best of some runs. */
static double
reading(size_t threads)
{
	struct part part[MOST];
	pthread_t id[MOST];
	pthread_barrier_t start;
	uint64_t *p;
	double best = 0;

	if (posix_memalign((void **)&p, 2u << 20, bytes) != 0 ||
	    pthread_barrier_init(&start, NULL, (unsigned)threads) != 0)
		exit(1);
#ifdef MADV_HUGEPAGE
	madvise(p, bytes, MADV_HUGEPAGE);
#endif
	memset(p, 1, bytes);
	for (int r = 0; r < RUNS; r++) {
		double begin = 1e300, end = 0;
		for (size_t i = 0; i < threads; i++) {
			size_t n = bytes / 8 / threads / STREAMS / 2 * 2;
			part[i] = (struct part) { p + i * n * STREAMS, n, 0, 0,
				&start };
			if (pthread_create(&id[i], NULL, run, &part[i]) != 0)
				exit(1);
		}
		for (size_t i = 0; i < threads; i++) {
			pthread_join(id[i], NULL);
			begin = part[i].begin < begin ? part[i].begin : begin;
			end = part[i].end > end ? part[i].end : end;
		}
		if ((double)bytes / (end - begin) > best)
			best = (double)bytes / (end - begin);
	}
	pthread_barrier_destroy(&start);
	free(p);
	return best;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

enum { LOOPS = 1000000, CHAINS = 12 };

#define ALL(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#define BEGIN(i) a##i = x,
#define END(i) __asm__ volatile("" : : "v"(a##i));

/* A loop of CHAINS operations that do not wait for one another, which STEP
 * tells: of x to a0..a11. Operations a second. */
#define PEAK(name, set, type, STEP)                                            \
	__attribute__((target(set))) static double name(void)                  \
	{                                                                      \
		type x = { 0 }, ALL(BEGIN) y = x;                              \
		double t = now();                                              \
		for (int n = 0; n < LOOPS; n++) {                              \
			ALL(STEP)                                              \
		}                                                              \
		t = now() - t;                                                 \
		ALL(END)                                                       \
		__asm__ volatile("" : : "v"(y));                               \
		return (double)LOOPS * CHAINS / t;                             \
	}

#define FMA(i) __asm__ volatile("vfmadd231ps %1, %1, %0" : "+v"(a##i) : "v"(x));
#define DOT(i) __asm__ volatile("vpdpbusd %1, %1, %0" : "+v"(a##i) : "v"(x));
#define PAIRS(i)                                                               \
	__asm__ volatile("vpmaddubsw %2, %2, %1\n\tvpmaddwd %2, %1, %1\n\t"     \
	                 "vpaddd %1, %0, %0" : "+x"(a##i), "=&x"(y) : "x"(x));

PEAK(fma256, "avx2,fma", __m256, FMA)
PEAK(fma512, "avx512f", __m512, FMA)
PEAK(bytes512, "avx512f,avx512vnni", __m512i, DOT)
PEAK(bytes256, "avx2", __m256i, PAIRS)

static void
peaks(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f"))
		printf("fma %.1f GFLOP/s\n", fma512() * 32e-9);
	else if (__builtin_cpu_supports("fma"))
		printf("fma %.1f GFLOP/s\n", fma256() * 16e-9);
	if (__builtin_cpu_supports("avx512vnni"))
		printf("int8 %.1f GOP/s\n", bytes512() * 128e-9);
	else if (__builtin_cpu_supports("avx2"))
		printf("int8 %.1f GOP/s\n", bytes256() * 64e-9);
}
#else
static void
peaks(void)
{
}
#endif

int
main(int argc, char **argv)
{
	long threads = argc > 1 ? atol(argv[1]) : 1;

	if (threads < 1 || threads > MOST) {
		fprintf(stderr, "usage: probe [threads]\n");
		return 2;
	}
	printf("read %.1f GB/s\n", reading((size_t)threads) * 1e-9);
	peaks();
	return 0;
}
