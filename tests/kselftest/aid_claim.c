// SPDX-License-Identifier: MIT
/*
 * aid_claim DEV ethertype|udp NUMBER [EXTENSION]: ask for a rule of packet types on a
 * channel of DEV: that what comes is delivered, or that the extension says.
 *
 * Says "granted" with status 0, or "denied: " and why with 1. With an extension it goes
 * on to say "took N bytes" of each packet that it is given, until it is ended.
 */
#include "type_hand.h"

static const char *const reasons[] = {
	"granted",
#define REASON_TEXT(id, err, text)	text,
	UNET_TYPE_REASONS(REASON_TEXT)
};

static struct unet_type_spec wanted(char **argv)
{
	int number = strtol(argv[2], NULL, 0);
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, number, number);

	if (!strcmp(argv[1], "ethertype"))
		spec = spec_ether(number, number);
	spec = spec_does(spec, argv[3] ? UNET_TYPE_EXTENSION : UNET_TYPE_DELIVER);
	if (argv[3])
		snprintf(spec.extension, sizeof(spec.extension), "%s", argv[3]);
	return spec;
}

static void take(struct chan *c)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 1000);
	uint32_t b;

	if (!s)
		return;
	for (b = s->first; b != UNET_NO_BUF; b = c->desc[b].next)
		printf("took %u bytes\n", c->desc[b].len);
	fflush(stdout);
	chan_rx_next(c);
}

int main(int argc, char **argv)
{
	struct unet_type_spec spec;
	struct unet_type_req r;
	struct chan c;
	int err;

	if (argc < 4)
		return fprintf(stderr, "usage: aid_claim DEV LAYER NUMBER [EXTENSION]\n"), 2;
	err = chan_open(&c, argv[1], NULL);
	if (err)
		return fprintf(stderr, "aid_claim: %s\n", strerror(-err)), 2;
	spec = wanted(argv + 1);
	err = type_add(&c, &spec, 0, &r);
	if (err)
		return printf("denied: %s\n", r.reason ? reasons[r.reason] : strerror(-err)), 1;
	puts("granted");
	fflush(stdout);
	while (argv[4] && chan_state(&c, NULL) == UNET_CHANNEL_LIVE)
		take(&c);
	return 0;
}
