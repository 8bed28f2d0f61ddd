// SPDX-License-Identifier: MIT
/*
 * A program at tc ingress of a device that puts the first bytes of each packet into
 * a ring buffer. The reader can only look: packets do not wait for it. WHERE is
 * "OBJECT,DEVICE".
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "mid.h"

struct mid {
	struct ring_buffer *ring;
	uint32_t seen;
	volatile uint32_t touched;
};

static int take(void *ctx, void *data, size_t bytes)
{
	struct mid *m = ctx;

	m->touched += *(uint8_t *)data;
	m->seen++;
	return bytes ? 0 : -EINVAL;
}

static int program_of(const struct bpf_object *obj)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, "show"));
}

static int attach(const struct bpf_object *obj, const char *dev)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = if_nametoindex(dev),
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1,
		    .prog_fd = program_of(obj));
	int err = bpf_tc_hook_create(&hook);

	return err && err != -EEXIST ? err : bpf_tc_attach(&hook, &opts);
}

static void *ringbuf_open(const struct mid_args *args)
{
	struct mid *m = calloc(1, sizeof(*m));
	char object[256], dev[IFNAMSIZ];
	struct bpf_object *obj;

	if (!m || args->does != MID_LOOK ||
	    sscanf(args->where, "%255[^,],%15s", object, dev) != 2) {
		errno = m ? EINVAL : ENOMEM;
		return NULL;
	}
	obj = bpf_object__open_file(object, NULL);
	if (!obj || bpf_object__load(obj) || attach(obj, dev))
		return NULL;
	m->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(obj, "ring"),
				   take, m, NULL);
	return m->ring ? m : NULL;
}

static int ringbuf_fd(void *p)
{
	return ring_buffer__epoll_fd(((struct mid *)p)->ring);
}

static uint32_t ringbuf_turn(void *p)
{
	struct mid *m = p;

	m->seen = 0;
	ring_buffer__consume(m->ring);
	return m->seen;
}

const struct mid_way mid_ringbuf = {
	.name = "ringbuf",
	.open = ringbuf_open,
	.fd = ringbuf_fd,
	.turn = ringbuf_turn,
};
