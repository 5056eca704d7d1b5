// SPDX-License-Identifier: MIT
/*
 * Proofs for the readers of wire.c. A step of the induction each: in whatever
 * state a reader is, one call reads within its bounds, keeps the state a valid
 * one, and gives what the octets say. So any sequence of calls does.
 */
#include "wire.h"

#include "proof.h"

/* As long as anything that TLS can count with three octets. */
#define LEN_MAX		0xffffff
/* Enough for a number and what is around it: solving takes longer by length. */
#define FEW		32

static const uint8_t *end;

/* Any reader that can come about: a bad one has nothing left. */
static struct sl_reader any_reader(size_t max)
{
	size_t len = up_to(max), start = up_to(len);
	uint8_t *buf = nondet_bool() || len ? octets(len) : NULL;
	struct sl_reader r = sl_reader(buf, len);

	end = buf ? buf + len : NULL;
	if (start)
		r.pos += start;
	r.left -= start;
	if (nondet_bool()) {
		r.bad = true;
		r.left = 0;
	}
	return r;
}

static void prove_valid(const struct sl_reader *r, const struct sl_reader *old)
{
	PROVE(r->left <= old->left);
	PROVE(!old->bad || r->bad);
	PROVE(!r->bad || !r->left);
	PROVE(!r->left || __CPROVER_r_ok(r->pos, r->left));
	PROVE(r->bad || !end || r->pos + r->left == end);
}

static uint64_t number(const uint8_t *at, unsigned int len)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < 8; i++)
		if (i < len)
			value = value << 8 | at[i];
	return value;
}

void prove_get(void)
{
	struct sl_reader r = any_reader(LEN_MAX), old = r;
	size_t len = nondet_size();
	const uint8_t *at = sl_get(&r, len);

	prove_valid(&r, &old);
	PROVE(r.bad == (old.bad || len > old.left));
	PROVE(r.bad ? !at : at == old.pos && r.left == old.left - len);
	PROVE(!at || __CPROVER_r_ok(at, len));
}

void prove_get_number(void)
{
	static const unsigned int lens[] = { 1, 2, 3, 4, 8 };
	struct sl_reader r = any_reader(FEW), old = r;
	unsigned int which = nondet_uint();
	uint64_t got = 0;

	__CPROVER_assume(which < 5);
	switch (which) {
	case 0:
		got = sl_get8(&r);
		break;
	case 1:
		got = sl_get16(&r);
		break;
	case 2:
		got = sl_get24(&r);
		break;
	case 3:
		got = sl_get32(&r);
		break;
	default:
		got = sl_get64(&r);
	}
	prove_valid(&r, &old);
	PROVE(r.bad == (old.bad || old.left < lens[which]));
	PROVE(r.bad ? !got : got == number(old.pos, lens[which]));
	PROVE(r.bad || old.left - r.left == lens[which]);
}

void prove_get_vec(void)
{
	struct sl_reader r = any_reader(300), old = r, vec;
	size_t min = nondet_size(), max = nondet_size();
	unsigned int len = nondet_uint();

	__CPROVER_assume(len >= 1 && len <= 3);
	vec = sl_get_vec(&r, len, min, max);
	prove_valid(&r, &old);
	PROVE(vec.bad == r.bad);
	PROVE(!vec.bad || (!vec.left && !vec.pos));
	if (!vec.bad) {
		PROVE(vec.left >= min && vec.left <= max);
		PROVE(vec.left == number(old.pos, len));
		PROVE(vec.pos == old.pos + len);
		PROVE(!vec.left || __CPROVER_r_ok(vec.pos, vec.left));
		PROVE(r.left == old.left - len - vec.left);
	}
}
