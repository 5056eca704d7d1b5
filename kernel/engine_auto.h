/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_ENGINE_AUTO_H
#define _SLUICE_ENGINE_AUTO_H

#include <linux/types.h>

/* Bursts of fewer records are never spread. */
#define SLUICE_ENGINE_BURST_MIN	8

/* Runs of small writes; 8 records, 16, … and 256 and more in one write. */
#define SLUICE_ENGINE_CLASSES	7

/**
 * struct sluice_engine_class - what is known of bursts of one size
 * @ns: nanoseconds that a record takes, if the burst is encrypted by who
 *	sends, and if it is spread; 0, not known
 * @adopted_ns: what @ns was when the present way was chosen
 * @deviation: how far the bursts of the present way are from their average
 * @wait: bursts until the other way is tried again
 * @pause: what @wait starts from the next time
 * @trial: bursts of the present trial that are left
 * @spread: the present way
 */
struct sluice_engine_class {
	u32 ns[2];
	u32 adopted_ns;
	u32 deviation;
	u16 wait;
	u16 pause;
	u8 trial;
	bool spread;
};

/**
 * struct sluice_engine_auto - what SLUICE_ENGINE_AUTO goes by
 * @classes: by size of the burst
 */
struct sluice_engine_auto {
	struct sluice_engine_class classes[SLUICE_ENGINE_CLASSES];
};

bool sluice_engine_auto_choose(struct sluice_engine_auto *learnt,
			       unsigned int records, unsigned int helpers,
			       u64 record_ns, u64 wake_ns);
void sluice_engine_auto_learn(struct sluice_engine_auto *learnt,
			      unsigned int records, bool spread, u64 ns);

#endif /* _SLUICE_ENGINE_AUTO_H */
