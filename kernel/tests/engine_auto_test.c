// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of engine_auto.c, on machines that are made up here. */
#include <kunit/test.h>
#include <linux/string.h>

#include "../engine_auto.h"

/* Bursts of a given size on a machine with these costs; inline ones come out. */
static unsigned int drive(struct sluice_engine_auto *learnt, int bursts,
			  unsigned int records, u64 inline_ns, u64 spread_ns)
{
	unsigned int n = 0;
	bool spread;

	while (bursts--) {
		spread = sluice_engine_auto_choose(learnt, records, 1,
						   inline_ns, 50000);
		sluice_engine_auto_learn(learnt, records, spread,
					 spread ? spread_ns : inline_ns);
		n += !spread;
	}
	return n;
}

static void auto_forecast(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};
	int i;

	for (i = 0; i < 1000; i++) {
		/* Nobody has time; costs are not known; a wakeup takes longer. */
		KUNIT_ASSERT_FALSE(test, sluice_engine_auto_choose(&learnt, 64, 0, 200000, 50000));
		KUNIT_ASSERT_FALSE(test, sluice_engine_auto_choose(&learnt, 64, 1, 0, 50000));
		KUNIT_ASSERT_FALSE(test, sluice_engine_auto_choose(&learnt, 16, 1, 4000, 50000));
		sluice_engine_auto_learn(&learnt, 16, false, 4000);
		sluice_engine_auto_learn(&learnt, 64, false, 4000);
	}
}

static void auto_adopts(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	/* At the speed of AES instructions, too, where the burst is long. */
	KUNIT_EXPECT_LT(test, drive(&learnt, 100, 256, 4000, 2500), 12);
	KUNIT_EXPECT_LT(test, drive(&learnt, 100, 64, 200000, 110000), 12);
	/* A size of its own has costs of its own. */
	KUNIT_EXPECT_GT(test, drive(&learnt, 100, 8, 200000, 260000), 90);
}

/* A trial may fall into a bad moment: what cost nothing is soon tried again. */
static void auto_disturbed(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	KUNIT_EXPECT_EQ(test, drive(&learnt, 6, 64, 200000, 200000), 4);
	KUNIT_EXPECT_LT(test, drive(&learnt, 100, 64, 200000, 110000), 12);
	/* What has cost much is not. */
	memset(&learnt, 0, sizeof(learnt));
	KUNIT_EXPECT_EQ(test, drive(&learnt, 6, 64, 200000, 260000), 4);
	KUNIT_EXPECT_EQ(test, drive(&learnt, 59, 64, 200000, 110000), 59);
	KUNIT_EXPECT_LT(test, drive(&learnt, 100, 64, 200000, 110000), 6);
}

/* What loses is tried less than once in a hundred times. */
static void auto_trials_are_rare(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	KUNIT_EXPECT_GE(test, drive(&learnt, 5000, 64, 200000, 300000), 4960);
	KUNIT_EXPECT_GE(test, drive(&learnt, 5000, 64, 200000, 300000), 4975);
	/* The same the other way round. */
	memset(&learnt, 0, sizeof(learnt));
	drive(&learnt, 100, 64, 200000, 110000);
	KUNIT_EXPECT_LE(test, drive(&learnt, 5000, 64, 200000, 110000), 40);
}

static void auto_hysteresis(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	/* A win that is hardly one does not change anything. */
	drive(&learnt, 100, 64, 200000, 196000);
	KUNIT_EXPECT_GE(test, drive(&learnt, 1000, 64, 200000, 196000), 980);
	/* Once changed, it is enough to stay. */
	memset(&learnt, 0, sizeof(learnt));
	drive(&learnt, 100, 64, 200000, 110000);
	KUNIT_EXPECT_LE(test, drive(&learnt, 1000, 64, 200000, 196000), 40);
}

/* Where times scatter widely, a lucky trial is no reason to change. */
static void auto_scatter(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};
	unsigned int n = 0;
	u64 ns;
	int i;

	for (i = 0; i < 2000; i++) {
		bool spread = sluice_engine_auto_choose(&learnt, 64, 1, 200000,
							50000);

		ns = i % 2 ? 100000 : 300000;
		sluice_engine_auto_learn(&learnt, 64, spread,
					 spread ? 150000 : ns);
		n += !spread;
	}
	KUNIT_EXPECT_GE(test, n, 1970);
}

/* Another process takes the CPU: that is noticed at once, not at a trial. */
static void auto_gives_up(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	drive(&learnt, 2000, 64, 200000, 110000);
	KUNIT_EXPECT_GE(test, drive(&learnt, 100, 64, 200000, 260000), 85);
	/* And when it is gone, spreading comes back. */
	KUNIT_EXPECT_LE(test, drive(&learnt, 1000, 64, 200000, 110000), 150);
}

static struct kunit_case auto_test_cases[] = {
	KUNIT_CASE(auto_forecast),
	KUNIT_CASE(auto_adopts),
	KUNIT_CASE(auto_disturbed),
	KUNIT_CASE(auto_trials_are_rare),
	KUNIT_CASE(auto_hysteresis),
	KUNIT_CASE(auto_scatter),
	KUNIT_CASE(auto_gives_up),
	{}
};

static struct kunit_suite auto_test_suite = {
	.name = "sluice_engine_auto",
	.test_cases = auto_test_cases,
};

kunit_test_suite(auto_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of what Sluice's record engine goes by");
MODULE_LICENSE("GPL");
