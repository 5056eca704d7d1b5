// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "tap.h"

static bool loaded;

/* Writes the line; reads how it went. */
static void *client_thread(void *arg)
{
	struct client *c = arg;
	char text[256] = "";
	int dev;

	dev = open("/dev/sluice_echo", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		die("/dev/sluice_echo");
	c->out = (struct outcome){ 0 };
	if (write(dev, c->line, strlen(c->line)) < 0)
		c->out.error = errno;
	if (read(dev, text, sizeof(text) - 1) > 0)
		sscanf(text, "sent=%llu received=%llu tx_key_updates=%llu rx_key_updates=%llu tickets=%llu tx_records=%llu alert_sent=%u alert_received=%u",
		       &c->out.sent, &c->out.received, &c->out.tx_updates,
		       &c->out.rx_updates, &c->out.tickets,
		       &c->out.tx_records, &c->out.alert_sent,
		       &c->out.alert_received);
	close(dev);
	c->over = true;
	return NULL;
}

void start(struct client *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->line, sizeof(c->line), format, args);
	va_end(args);
	c->over = false;
	if (pthread_create(&c->thread, NULL, client_thread, c))
		die("pthread_create");
}

const struct outcome *end(struct client *c)
{
	pthread_join(c->thread, NULL);
	return &c->out;
}

void load_client(void)
{
	loaded = access("/dev/sluice_echo", F_OK);
	if (loaded && system("insmod ${SAMPLES:-/out/kernel/samples}/sluice_echo_client.ko"))
		die("sluice_echo_client.ko");
}

void unload_client(void)
{
	if (loaded)
		tap(!system("rmmod sluice_echo_client"), "the driver unloads");
}
