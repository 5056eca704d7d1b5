// SPDX-License-Identifier: GPL-2.0
/*
 * A console that takes records, not characters: no driver in Rust can embed
 * struct console, whose fields are printk's.
 */
#include <linux/cleanup.h>
#include <linux/console.h>
#include <linux/err.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>

#include "helpers.h"

/**
 * struct sluice_console - a console, and who is told of its records
 * @console: printk's
 * @lock: held over each record: printk asks for a lock that keeps it on its CPU
 * @write: takes a record in the form of /dev/kmsg; @expected is the sequence
 *	number that it would have had, had none before it been dropped
 * @data: for @write
 */
struct sluice_console {
	struct console console;
	spinlock_t lock;	/* one record at a time */
	void (*write)(void *data, const u8 *text, size_t len, u64 expected);
	void *data;
};

static void console_lock_device(struct console *console, unsigned long *flags)
{
	struct sluice_console *c = container_of(console, struct sluice_console,
						console);

	spin_lock(&c->lock);
}

static void console_unlock_device(struct console *console, unsigned long flags)
{
	struct sluice_console *c = container_of(console, struct sluice_console,
						console);

	spin_unlock(&c->lock);
}

/* The console's own thread, with its lock held. */
static void console_write(struct console *console,
			  struct nbcon_write_context *wctxt)
{
	struct sluice_console *c = container_of(console, struct sluice_console,
						console);

	if (!nbcon_enter_unsafe(wctxt))
		return;
	c->write(c->data, wctxt->outbuf, wctxt->len,
		 ACCESS_PRIVATE(wctxt, ctxt).seq - READ_ONCE(console->dropped));
	nbcon_exit_unsafe(wctxt);
}

struct sluice_console *
rust_helper_sluice_console_register(const char *name,
				    void (*write)(void *data, const u8 *text,
						  size_t len, u64 expected),
				    void *data)
{
	struct sluice_console *c __free(kfree) = kzalloc_obj(*c);

	if (!c)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&c->lock);
	c->write = write;
	c->data = data;
	strscpy(c->console.name, name);
	c->console.flags = CON_NBCON | CON_EXTENDED | CON_PRINTBUFFER |
			   CON_ENABLED;
	c->console.write_thread = console_write;
	c->console.device_lock = console_lock_device;
	c->console.device_unlock = console_unlock_device;

	register_console(&c->console);
	if (!console_is_registered(&c->console))
		return ERR_PTR(-ENOMEM);
	return no_free_ptr(c);
}

/* No record is written any more when it returns. */
void rust_helper_sluice_console_unregister(struct sluice_console *c)
{
	unregister_console(&c->console);
	kfree(c);
}

/* What the wall clock showed at a time of printk's clock; both in µs. */
u64 rust_helper_sluice_console_time(u64 usec)
{
	u64 ago = local_clock() / NSEC_PER_USEC - usec;

	return ktime_get_real_ns() / NSEC_PER_USEC - ago;
}

void rust_helper_sluice_console_hostname(char *name, size_t size)
{
	strscpy(name, init_uts_ns.name.nodename, size);
}

int rust_helper_sluice_console_level(void)
{
	return console_loglevel;
}
