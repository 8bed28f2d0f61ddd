/* SPDX-License-Identifier: MIT */
/*
 * Addresses as text and as struct sockaddr, to and from sides of a flow key.
 */
#ifndef UNET_ADDR_H
#define UNET_ADDR_H

#include <sys/socket.h>
#include "core_os.h"
#include "flow.h"

/**
 * struct unet_endpoint - one side of a flow
 * @addr:	IPv4 in the first word with the others zero
 * @port:	network order
 * @family:	4 or 6
 */
struct unet_endpoint {
	__be32 addr[4];
	__be16 port;
	u8 family;
};

int unet_endpoint_parse(const char *text, struct unet_endpoint *e);
int unet_endpoint_from(const struct sockaddr *sa, socklen_t len,
		       struct unet_endpoint *e);
int unet_endpoint_to(const struct unet_endpoint *e, struct sockaddr *sa,
		     socklen_t *len);
void unet_endpoint_local(const struct unet_flow_key *key,
			 struct unet_endpoint *e);
void unet_endpoint_remote(const struct unet_flow_key *key,
			  struct unet_endpoint *e);
void unet_endpoint_set_local(struct unet_flow_key *key,
			     const struct unet_endpoint *e);
void unet_endpoint_set_remote(struct unet_flow_key *key,
			      const struct unet_endpoint *e);

#endif /* UNET_ADDR_H */
