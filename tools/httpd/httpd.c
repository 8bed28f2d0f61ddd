// SPDX-License-Identifier: MIT
/*
 * unet-httpd: serve files over HTTP from a user-space TCP/IP stack.
 *
 * An example of libunet's public interface as much as a server: open a stack on
 * a device, listen, and go round the loop in serve(). See unet-httpd(1).
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <unet/unet.h>

#include "file.h"
#include "server.h"

#define EXIT_USAGE	2
#define END_US		5000000	/* for answers under way */
#define LEAVE_US	200000	/* for the ends of connections to go out */
#define TICK_MS		1000	/* a signal just before a sleep is seen by then */

struct settings {
	const char *dev;
	const char *dir;
	const char *local[UNET_HTTP_LISTENERS];
	unsigned int nlocal;
	unsigned int max_conns;
	unsigned int timeout_s;
	bool verbose;
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static void usage(FILE *to)
{
	fprintf(to,
		"Usage: unet-httpd -i DEV -l ADDR:PORT [-l ...] -r DIR [-c MAX] [-t SECONDS] [-v]\n"
		"  -i DEV        attached device to open a channel on\n"
		"  -l ADDR:PORT  address to listen on: 192.0.2.1:80, [2001:db8::1]:80, :80\n"
		"  -r DIR        folder to serve\n"
		"  -c MAX        connections at a time, 1 to 1000000 (1024)\n"
		"  -t SECONDS    how long a peer may stall, 1 to 3600 (15)\n"
		"  -v            print a line for each request\n"
		"  -h, --help    print this, and exit\n"
		"  -V, --version print the version, and exit\n");
}

static int wrong(const char *format, const char *word)
{
	fprintf(stderr, "unet-httpd: ");
	fprintf(stderr, format, word);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

static int parse_number(const char *word, unsigned long max, unsigned int *value)
{
	unsigned long n;
	char *end;

	if (*word < '1' || *word > '9')
		return -EINVAL;
	errno = 0;
	n = strtoul(word, &end, 10);
	if (*end || errno || n > max)
		return -EINVAL;
	*value = n;
	return 0;
}

/* Before anything is opened: who mistypes need not have the right to serve. */
static int add_local(struct settings *set, const char *word)
{
	struct sockaddr_storage sa;
	struct sockaddr_in *in = (struct sockaddr_in *)&sa;
	socklen_t len = sizeof(sa);
	char text[80];

	if (set->nlocal == UNET_HTTP_LISTENERS)
		return wrong("-l %s: one address too many (at most 16)", word);
	if (unet_addr_parse(word, (struct sockaddr *)&sa, &len))
		return wrong("-l %s", unet_error_detail());
	if (in->sin_port) {	/* at the same place in IPv6's */
		set->local[set->nlocal++] = word;
		return 0;
	}
	in->sin_port = htons(80);
	if (unet_addr_text((struct sockaddr *)&sa, text, sizeof(text)))
		return wrong("-l %s: no port", word);
	fprintf(stderr, "unet-httpd: -l %s: no port (write %s; an IPv6 address in brackets: "
		"[2001:db8::1]:80)\n", word, text);
	return EXIT_USAGE;
}

static int parse_option(int option, struct settings *set)
{
	switch (option) {
	case 'i':
		set->dev = optarg;
		return 0;
	case 'r':
		set->dir = optarg;
		return 0;
	case 'l':
		return add_local(set, optarg);
	case 'c':
		if (parse_number(optarg, 1000000, &set->max_conns))
			return wrong("-c %s: not valid (1 to 1000000)", optarg);
		return 0;
	case 't':
		if (parse_number(optarg, 3600, &set->timeout_s))
			return wrong("-t %s: not valid (1 to 3600 seconds)", optarg);
		return 0;
	case 'v':
		set->verbose = true;
		return 0;
	case 'h':
		usage(stdout);
		exit(EXIT_SUCCESS);
	case 'V':
		printf("unet-httpd %s\n", unet_version());
		exit(EXIT_SUCCESS);
	}
	usage(stderr);
	return EXIT_USAGE;
}

static int parse_options(int argc, char **argv, struct settings *set)
{
	static const struct option words[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "i:l:r:c:t:vhV", words,
				     NULL)) != -1) {
		status = parse_option(option, set);
		if (status)
			return status;
	}
	if (optind < argc)
		return wrong("%s: no option, and words without one have no use here",
			     argv[optind]);
	if (!set->dev || !set->dir || !set->nlocal) {
		wrong("%s is missing", !set->dev ? "-i DEV" :
		      !set->nlocal ? "-l ADDR:PORT" : "-r DIR");
		usage(stderr);
		return EXIT_USAGE;
	}
	return 0;
}

/* Turns until all connections have ended, or time is up. */
static int finish(struct unet_http_server *server)
{
	uint64_t start = unet_stack_now(server->stack), now = start;
	int ret = 0;

	unet_http_server_end(server);
	while (server->nconns && now - start < END_US) {
		ret = unet_stack_run(server->stack, 100);
		if (ret < 0 && ret != -EINTR)
			return ret;
		unet_http_server_turn(server);
		now = unet_stack_now(server->stack);
	}
	unet_http_server_close(server);
	for (start = now; now - start < LEAVE_US; now = unet_stack_now(server->stack)) {
		ret = unet_stack_run(server->stack, 20);
		if (ret < 0 && ret != -EINTR)
			return ret;
	}
	return 0;
}

static int serve(struct unet_http_server *server)
{
	int wait, ret;

	while (!ended) {
		wait = unet_http_server_wait(server);
		ret = unet_stack_run(server->stack, wait < 0 || wait > TICK_MS ?
				     TICK_MS : wait);
		if (ret < 0 && ret != -EINTR)
			return ret;
		unet_http_server_turn(server);
	}
	return finish(server);
}

static int complain(const char *what, const char *word, int err)
{
	const char *detail = unet_error_detail();

	fprintf(stderr, "unet-httpd: %s %s: %s\n", what, word,
		*detail ? detail : unet_strerror(err));
	return EXIT_FAILURE;
}

static void print_ready(const struct settings *set)
{
	unsigned int i;

	printf("unet-httpd: ready: %s on", set->dir);
	for (i = 0; i < set->nlocal; i++)
		printf("%s %s", i ? "," : "", set->local[i]);
	printf(" (%s)\n", set->dev);
	fflush(stdout);
}

/* Where the kernel cannot be asked unet_stack_open() says why. */
static struct unet_stack *open_stack(struct unet_http_server *server,
				     const struct settings *set)
{
	struct unet_stack_opts opts = { .size = sizeof(opts) };
	struct unet_query query;

	if (!unet_channel_query(&query))
		opts.params.max_flows = unet_http_server_flows(server, set->nlocal,
							       query.max_flows);
	return unet_stack_open(set->dev, &opts);
}

static int run(struct unet_http_server *server, const struct settings *set)
{
	unsigned int i;
	int err;

	server->stack = open_stack(server, set);
	if (!server->stack)
		return complain("-i", set->dev, errno);
	for (i = 0; i < set->nlocal; i++) {
		err = unet_http_server_listen(server, set->local[i]);
		if (err)
			return complain("-l", set->local[i], err);
	}
	print_ready(set);
	err = serve(server);
	if (err) {
		fprintf(stderr, "unet-httpd: %s: %s\n", set->dev,
			unet_strerror(err));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct settings set = { .max_conns = 1024, .timeout_s = 15 };
	struct sigaction action = { .sa_handler = on_signal };
	struct unet_http_server *server;
	int status = parse_options(argc, argv, &set);

	if (status)
		return status;
	server = calloc(1, sizeof(*server));
	if (!server)
		return complain("starting", "", ENOMEM);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	server->max_conns = set.max_conns;
	server->timeout_us = set.timeout_s * 1000000ull;
	server->verbose = set.verbose;
	server->root = unet_http_root_open(set.dir);
	if (server->root < 0) {
		fprintf(stderr, "unet-httpd: -r %s: %s\n", set.dir,
			strerror(-server->root));
		free(server);
		return EXIT_FAILURE;
	}
	status = run(server, &set);
	unet_http_server_close(server);
	unet_stack_close(server->stack);
	close(server->root);
	free(server);
	return status;
}
