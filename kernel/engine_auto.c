// SPDX-License-Identifier: GPL-2.0
/*
 * When to spread a burst of records over the CPUs.
 *
 * First a forecast, from how long a record takes and how long a helper takes
 * to start: where it sees no win, nothing is tried. Where it sees one, a few
 * bursts are spread, and what counts from then on is how long whole writes
 * took, either way. The way that is not in use is tried again now and then, the
 * less often the more often it has lost and the more that has cost: it stays
 * below one in a hundred. It takes more to change the way than to stay.
 *
 * No side effects and no locks: the caller owns struct sluice_engine_auto.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "engine_auto.h"

/* Bursts before the first trial, of one, and between two of them. */
#define FIRST		4
#define TRIAL		2
#define PAUSE_MIN	8
#define PAUSE_MAX	512

/* Spreading has to be at least so much faster to begin with, and to go on. */
#define BEGIN_PERCENT	93
#define STAY_PERCENT	99

/* Spreading has become so much slower: it is time to look again. */
#define WORSE_PERCENT	130

static struct sluice_engine_class *
class_of(struct sluice_engine_auto *learnt, unsigned int records)
{
	unsigned int i = 0;

	if (records >= SLUICE_ENGINE_BURST_MIN)
		i = min(ilog2(records) - ilog2(SLUICE_ENGINE_BURST_MIN) + 1,
			SLUICE_ENGINE_CLASSES - 1);
	return &learnt->classes[i];
}

/*
 * With @helpers, each CPU has its share, but theirs begins when they are awake.
 * Leave half of what that saves for all that a forecast can't know.
 */
static bool forecast(unsigned int records, unsigned int helpers, u64 record_ns,
		     u64 wake_ns)
{
	u64 all = records * record_ns;

	return div_u64(all, helpers + 1) * helpers > 2 * wake_ns;
}

static void start_trial(struct sluice_engine_class *class)
{
	class->trial = TRIAL;
	class->ns[!class->spread] = 0;
}

/**
 * sluice_engine_auto_choose() - choose for one burst
 * @learnt: what is known so far
 * @records: records of the burst; fewer than %SLUICE_ENGINE_BURST_MIN: of
 *	a run of small writes
 * @helpers: CPUs that have time
 * @record_ns: nanoseconds that a record takes; 0, not known
 * @wake_ns: nanoseconds that a helper takes to start; 0, not known
 *
 * Return: true if the burst is to be spread.
 */
bool sluice_engine_auto_choose(struct sluice_engine_auto *learnt,
			       unsigned int records, unsigned int helpers,
			       u64 record_ns, u64 wake_ns)
{
	struct sluice_engine_class *class = class_of(learnt, records);

	if (!helpers || !record_ns ||
	    !forecast(max(records, SLUICE_ENGINE_BURST_MIN), helpers,
		      record_ns, wake_ns))
		return false;
	/* One burst at least to compare with. */
	if (!class->ns[class->spread])
		return class->spread;
	if (!class->trial) {
		if (class->wait)
			return class->spread;
		start_trial(class);
	}
	return !class->spread;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_auto_choose);

/* Bursts among which one more trial would cost one in a hundred. */
static u64 worth_a_trial(const struct sluice_engine_class *class)
{
	u32 here = class->ns[class->spread], there = class->ns[!class->spread];

	return there > here ? div_u64(100ULL * TRIAL * (there - here), here) : 0;
}

/*
 * The trial is over: stay or change. Where times scatter, a trial may have been
 * lucky: it takes more to begin then, but no more to stop.
 */
static void judge(struct sluice_engine_class *class)
{
	u64 spread = (u64)class->ns[true] * 100;
	u64 limit = (u64)class->ns[false] *
		    (class->spread ? STAY_PERCENT : BEGIN_PERCENT);
	bool better, stay;
	u64 pause;

	if (!class->spread)
		spread += (u64)class->deviation * 100;
	better = spread < limit;
	stay = better == class->spread;

	class->spread = better;
	pause = stay ? class->pause * 2 : 0;
	/* Spreading may be given up for a disturbance that passes. */
	if (stay || better)
		pause = max(pause, worth_a_trial(class));
	class->pause = clamp(pause, PAUSE_MIN, PAUSE_MAX);
	class->adopted_ns = class->ns[class->spread];
	class->wait = class->pause;
}

/**
 * sluice_engine_auto_learn() - take in how long a burst took
 * @learnt: what is known so far
 * @records: as for sluice_engine_auto_choose()
 * @spread: whether it was spread
 * @ns: nanoseconds for each of its records
 */
void sluice_engine_auto_learn(struct sluice_engine_auto *learnt,
			      unsigned int records, bool spread, u64 ns)
{
	struct sluice_engine_class *class = class_of(learnt, records);
	u32 *known = &class->ns[spread];
	u32 off;

	ns = clamp(ns, 1ULL, U32_MAX / 4ULL);
	/* A burst that was interrupted is not to count for all of it. */
	off = *known ? min(abs_diff(ns, (u64)*known), *known * 4ULL) : 0;
	if (*known)
		*known = ((u64)*known * 3 + min(ns, *known * 4ULL)) / 4;
	else
		*known = ns;

	if (spread != class->spread) {
		if (class->trial && !--class->trial)
			judge(class);
		return;
	}
	class->deviation = class->deviation ?
			   ((u64)class->deviation * 7 + off) / 8 : off;
	if (!class->pause) {
		class->pause = FIRST;
		class->wait = FIRST;
	}
	if (class->wait)
		class->wait--;
	if (spread && (u64)*known * 100 > (u64)class->adopted_ns * WORSE_PERCENT &&
	    class->pause - class->wait >= PAUSE_MIN)
		class->wait = 0;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_auto_learn);
