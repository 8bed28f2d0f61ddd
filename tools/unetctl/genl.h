/* SPDX-License-Identifier: MIT */
/*
 * Conversation with the kernel's generic netlink family "unet".
 */
#ifndef UNETCTL_GENL_H
#define UNETCTL_GENL_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "args_type.h"
#include "reply.h"

struct unet_genl;

/**
 * typedef unet_genl_fn - takes one message of the answer
 * @reply:	valid during the call
 * @arg:	as given
 *
 * Return: 0 to go on, -errno to stop.
 */
typedef int (*unet_genl_fn)(const struct unet_reply *reply, void *arg);

/* the same, of a command whose attributes are not UNET_A_*; the message is whole */
typedef int (*unet_genl_raw_fn)(const struct nlmsghdr *nlh, void *arg);

/**
 * struct unet_genl_query - what is asked
 * @cmd:	enum unet_genl_cmd
 * @dump:	all there are, not one
 * @ifname:	device it is about, or NULL
 * @filter:	what the kernel may leave out of a dump, or NULL. It need not:
 *		the caller checks each answer itself
 * @type:	rule or entry of the policy it is about, or NULL
 * @prog_fd:	with @type: the rule's program, -1 for none
 * @put:	adds attributes of its own, or NULL
 * @put_arg:	for @put
 * @raw:	takes the messages instead, or NULL
 */
struct unet_genl_query {
	uint8_t cmd;
	bool dump;
	const char *ifname;
	const struct unet_args_filter *filter;
	const struct unet_args_type *type;
	int prog_fd;
	void (*put)(struct nlmsghdr *nlh, const void *arg);
	const void *put_arg;
	unet_genl_raw_fn raw;
};

/**
 * unet_genl_open() - find the family in the current network namespace
 * @genl: receives the connection on success
 *
 * Return: 0; -ENOPKG when the module is not loaded; else what the system says.
 */
int unet_genl_open(struct unet_genl **genl);

/**
 * unet_genl_close() - end the connection; NULL is allowed
 * @genl: invalid afterwards
 */
void unet_genl_close(struct unet_genl *genl);

/**
 * unet_genl_ask() - send a query and hand every answer to @fn
 * @genl:	connection
 * @query:	see there
 * @fn:		may be NULL when no answer but success is expected
 * @arg:	for @fn
 *
 * Return: 0; the kernel's or @fn's negative errno, with the kernel's own words
 * in unet_genl_said(); -EBADMSG when the answer makes no sense. After an error
 * of @fn or -EBADMSG the connection is only good for closing.
 */
int unet_genl_ask(struct unet_genl *genl, const struct unet_genl_query *query,
		  unet_genl_fn fn, void *arg);

/**
 * unet_genl_said() - the kernel's words about the last unet_genl_ask()
 * @genl: connection
 *
 * Return: printable text, "" when it said nothing.
 */
const char *unet_genl_said(const struct unet_genl *genl);

/**
 * unet_genl_about() - what the kernel's words are about
 * @genl: connection
 *
 * Return: id of the rule, or entry of the policy, that is in the way, or 0.
 */
uint64_t unet_genl_about(const struct unet_genl *genl);

/**
 * unet_genl_torn() - did things change while the last dump was read
 * @genl: connection
 *
 * Return: true when something may be missing or have been told twice.
 */
bool unet_genl_torn(const struct unet_genl *genl);

/**
 * unet_genl_listen() - hand events to @fn as they happen
 * @genl:	connection, not to be used for queries any more
 * @fn:		called with each event, and with NULL when events were lost
 * @arg:	for @fn
 *
 * Return: -errno of @fn or of the system; never 0.
 */
int unet_genl_listen(struct unet_genl *genl, unet_genl_fn fn, void *arg);

#endif
