// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/socket.h>

#include "match.h"

static bool number_is(const struct unet_reply *row, int attr, uint64_t wanted)
{
	return unet_reply_has(row, attr) && unet_reply_number(row, attr) == wanted;
}

static bool local_holds(const struct unet_args_prefix *prefix,
			const struct unet_reply *row)
{
	return unet_reply_has(row, UNET_A_LOCAL_ADDR) &&
	       unet_args_prefix_holds(prefix, row->local_addr_len == 4 ?
				      AF_INET : AF_INET6, row->local_addr);
}

static bool remote_holds(const struct unet_args_prefix *prefix,
			 const struct unet_reply *row)
{
	return unet_reply_has(row, UNET_A_REMOTE_ADDR) &&
	       unet_args_prefix_holds(prefix, row->remote_addr_len == 4 ?
				      AF_INET : AF_INET6, row->remote_addr);
}

static bool addresses_match(const struct unet_args_filter *f,
			    const struct unet_reply *row)
{
	if (f->given & UNET_FILTER_ADDR && !local_holds(&f->addr, row) &&
	    !remote_holds(&f->addr, row))
		return false;
	if (f->given & UNET_FILTER_LOCAL_ADDR && !local_holds(&f->local_addr, row))
		return false;
	return !(f->given & UNET_FILTER_REMOTE_ADDR) ||
	       remote_holds(&f->remote_addr, row);
}

static bool ports_match(const struct unet_args_filter *f,
			const struct unet_reply *row)
{
	if (f->given & UNET_FILTER_PORT &&
	    !number_is(row, UNET_A_LOCAL_PORT, f->port) &&
	    !number_is(row, UNET_A_REMOTE_PORT, f->port))
		return false;
	if (f->given & UNET_FILTER_LOCAL_PORT &&
	    !number_is(row, UNET_A_LOCAL_PORT, f->local_port))
		return false;
	return !(f->given & UNET_FILTER_REMOTE_PORT) ||
	       number_is(row, UNET_A_REMOTE_PORT, f->remote_port);
}

bool unet_match(const struct unet_args_filter *f, const struct unet_reply *row)
{
	if (f->given & UNET_FILTER_DEV &&
	    (!unet_reply_has(row, UNET_A_IFNAME) || strcmp(f->dev, row->ifname)))
		return false;
	if (f->given & UNET_FILTER_PROTO &&
	    !number_is(row, UNET_A_PROTO, f->proto))
		return false;
	if (f->given & UNET_FILTER_PID && !number_is(row, UNET_A_PID, f->pid))
		return false;
	if (f->given & UNET_FILTER_STATE &&
	    !number_is(row, UNET_A_FLOW_STATE, f->state))
		return false;
	return ports_match(f, row) && addresses_match(f, row);
}
