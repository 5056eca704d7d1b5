// SPDX-License-Identifier: MIT
/*
 * Proofs for the writers of wire.c. Each call is made twice, on buffers that
 * differ in whatever was in them before: what is written must be the same, so
 * no octet of what was there gets out; and nothing else may change.
 */
#include "wire.h"

#include "proof.h"

/* The longest buffer of the engine is 32 KiB and some. */
#define LEN_MAX		0xffff
/* Enough for a number and what is around it: solving takes longer by length. */
#define FEW		32

static size_t probe;		/* any place in the buffers */

struct twin {
	struct sl_writer a, b, old;
	uint8_t at_probe;
};

/* Any writer that can come about. */
static struct twin any_writer(size_t max)
{
	struct twin t;

	t.a = sl_writer(NULL, up_to(max));
	t.a.len = up_to(t.a.size);
	t.a.bad = nondet_bool();
	t.b = t.a;
	t.a.buf = octets(t.a.size);
	t.b.buf = octets(t.a.size);
	t.old = t.a;
	probe = nondet_size();
	t.at_probe = probe < t.a.size ? t.a.buf[probe] : 0;
	return t;
}

static void prove_valid(const struct twin *t)
{
	PROVE(t->a.buf == t->old.buf && t->a.size == t->old.size);
	PROVE(t->a.len <= t->a.size);
	PROVE(t->a.len >= t->old.len);
	PROVE(!t->old.bad || t->a.bad);
	PROVE(!t->a.bad || t->a.len == t->old.len);
	PROVE(t->a.len == t->b.len && t->a.bad == t->b.bad);
	if (probe < t->a.size && (probe < t->old.len || probe >= t->a.len))
		PROVE(t->a.buf[probe] == t->at_probe);
}

static void prove_same(const struct twin *t)
{
	if (probe >= t->old.len && probe < t->a.len)
		PROVE(t->a.buf[probe] == t->b.buf[probe]);
}

static void put(struct sl_writer *w, unsigned int which, uint64_t value)
{
	switch (which) {
	case 1:
		sl_put8(w, (unsigned int)value);
		break;
	case 2:
		sl_put16(w, (unsigned int)value);
		break;
	case 3:
		sl_put24(w, value);
		break;
	case 4:
		sl_put32(w, (uint32_t)value);
		break;
	default:
		sl_put64(w, value);
	}
}

void prove_put_number(void)
{
	struct twin t = any_writer(FEW);
	unsigned int len = nondet_uint();
	uint64_t value = nondet_u64();

	__CPROVER_assume((len >= 1 && len <= 4) || len == 8);
	put(&t.a, len, value);
	put(&t.b, len, value);
	prove_valid(&t);
	prove_same(&t);
	PROVE(t.a.bad == (t.old.bad || t.old.size - t.old.len < len));
	/* big-endian: the octet at the probe is that of the value */
	if (probe >= t.old.len && probe < t.a.len)
		PROVE(t.a.buf[probe] ==
		      (uint8_t)(value >> 8 * (t.a.len - 1 - probe)));
}

void prove_put(void)
{
	struct twin t = any_writer(LEN_MAX);
	size_t len = up_to(LEN_MAX);
	uint8_t *data = octets(len);

	sl_put(&t.a, data, len);
	sl_put(&t.b, data, len);
	prove_valid(&t);
	prove_same(&t);
	PROVE(!len || t.a.bad == (t.old.bad || len > t.old.size - t.old.len));
	if (probe >= t.old.len && probe < t.a.len)
		PROVE(t.a.buf[probe] == data[probe - t.old.len]);
}

void prove_put_space(void)
{
	struct twin t = any_writer(LEN_MAX);
	size_t len = nondet_size();
	uint8_t *at = sl_put_space(&t.a, len);

	sl_put_space(&t.b, len);
	prove_valid(&t);
	PROVE(t.a.bad == (t.old.bad || len > t.old.size - t.old.len));
	PROVE(t.a.bad ? !at : at == t.a.buf + t.old.len);
	PROVE(!at || __CPROVER_w_ok(at, len));
}

/* A whole vector, with one run of octets in it. */
static void put_vec(struct sl_writer *w, unsigned int octets_of_len,
		    const uint8_t *data, size_t len)
{
	size_t mark = sl_begin_vec(w, octets_of_len);

	sl_put(w, data, len);
	sl_end_vec(w, mark, octets_of_len);
}

static void prove_vec(unsigned int prefix)
{
	struct twin t = any_writer(FEW);
	size_t len = up_to(FEW);
	uint8_t *data = octets(len);

	put_vec(&t.a, prefix, data, len);
	put_vec(&t.b, prefix, data, len);
	/* what does not fit may stand there in part: the writer is bad */
	PROVE(t.a.bad == t.b.bad && t.a.len == t.b.len);
	PROVE(t.a.len <= t.a.size);
	PROVE(t.a.bad ==
	      (t.old.bad || prefix + len > t.old.size - t.old.len));
	if (probe < t.old.len)
		PROVE(t.a.buf[probe] == t.at_probe);
	if (t.a.bad)
		return;
	PROVE(t.a.len == t.old.len + prefix + len);
	prove_same(&t);
	if (probe >= t.old.len && probe < t.old.len + prefix)
		PROVE(t.a.buf[probe] ==
		      (uint8_t)(len >> 8 * (t.old.len + prefix - 1 - probe)));
}

void prove_vec8(void)
{
	prove_vec(1);
}

void prove_vec16(void)
{
	prove_vec(2);
}

void prove_vec24(void)
{
	prove_vec(3);
}

/* One that its length cannot count makes the writer bad. */
void prove_long_vec(void)
{
	struct sl_writer w = sl_writer(NULL, up_to(LEN_MAX));
	unsigned int prefix = nondet_uint();
	size_t len = up_to(LEN_MAX);

	w.buf = octets(w.size);
	w.len = up_to(w.size);
	__CPROVER_assume(prefix >= 1 && prefix <= 3);
	__CPROVER_assume(prefix + len <= w.size - w.len);
	put_vec(&w, prefix, octets(len), len);
	PROVE(w.bad == !!(len >> 8 * prefix));
}
