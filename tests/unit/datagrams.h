/* SPDX-License-Identifier: MIT */
/* Two stacks on a wire, and datagrams from one to the other: for one file of a test. */
#ifndef UNET_TEST_DATAGRAMS_H
#define UNET_TEST_DATAGRAMS_H

#include <netinet/in.h>
#include <unet/unet.h>
#include "helpers.h"

static struct unet_wire *w;
static struct unet_stack *end[2];
static struct unet_sock *a;	/* sends */
static struct unet_sock *b;	/* receives */

static void datagrams_open(void)
{
	struct unet_wire_opts o = { .size = sizeof(o), .delay_us = 100 };

	w = unet_wire_open(&o, end);
	assert_non_null(w);
	b = unet_udp_open(end[1], AF_INET);
	assert_int_equal(unet_udp_bind(b, ":7"), 0);
	a = unet_connect(end[0], "udp", "192.0.2.2:7", NULL);
	assert_non_null(a);
}

static void packet_passes(void)
{
	char buf[10];

	assert_int_equal(unet_send(a, "x", 1, 0), 1);
	unet_wire_run(w, unet_wire_now(w) + 10000);
	assert_int_equal(unet_recv(b, buf, sizeof(buf), 0), 1);
}

#endif
