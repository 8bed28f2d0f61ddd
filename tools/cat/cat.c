// SPDX-License-Identifier: MIT
/*
 * unet-cat: carry bytes over TCP or UDP on a user-space TCP/IP stack, or on the
 * kernel's sockets for comparison. See unet-cat(1).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <unet/unet.h>

#include "carrier.h"
#include "stream.h"

#define EXIT_USAGE	2
#define DATAGRAM	1400	/* bytes, unless -m says otherwise */
#define LARGEST		65507	/* of a UDP datagram over IPv4 */
#define LEAVE_S		30	/* for our end of the stream to be acknowledged */

struct settings {
	struct unet_carrier_want want;
	bool kernel;
	bool print;
	bool verbose;
	unsigned int timeout_s;	/* 0: none */
};

struct cat {
	const struct unet_carrier_ops *ops;
	struct unet_carrier_end *end;
	struct settings set;
	struct unet_stream out;	/* to be sent */
	struct unet_stream in;	/* received */
	bool said_connected;
	bool finished;		/* our end of the stream is sent */
	bool moved;		/* bytes went some way this turn */
	struct timespec started;
	struct timespec last_move;
};

/* ---- command line --------------------------------------------------------- */

static void usage(FILE *to)
{
	fprintf(to,
		"Usage: unet-cat {-i DEV | -k} [-lu] [OPTION...] ADDR:PORT\n"
		"  -i DEV      on the nexus of this attached device\n"
		"  -k          on the kernel's sockets\n"
		"  -l          wait for a connection\n"
		"  -u          UDP\n"
		"  -s BYTES    send so many bytes of the pattern, not standard input (k, M, G)\n"
		"  -S SEED     which pattern (1)\n"
		"  -d          discard what is received\n"
		"  -c SEED     check that it is this pattern, and discard it\n"
		"  -e BYTES    expect so many bytes\n"
		"  -m BYTES    send at most so many at a time\n"
		"  -p          print bytes and SHA-256 of both directions, retransmissions\n"
		"  -v          tell when it listens and is connected\n"
		"  -t SECONDS  give up when nothing went either way for so long\n"
		"  -h, --help  print this, and exit\n"
		"  -V, --version  print the version, and exit\n");
}

static int wrong(const char *option, const char *word, const char *allowed)
{
	fprintf(stderr, "unet-cat: %s %s: not valid (%s)\n", option, word, allowed);
	return EXIT_USAGE;
}

/* A number, with k, M or G behind it for powers of 1000. */
static int parse_number(const char *word, uint64_t min, uint64_t max,
			uint64_t *value)
{
	static const char units[] = "kMG";
	unsigned long long n;
	const char *unit;
	char *end;

	if (*word < '0' || *word > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(word, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || (*end && (!unit || end[1])))
		return -EINVAL;
	for (; unit && unit >= units; unit--)
		if (__builtin_mul_overflow(n, 1000, &n))
			return -EINVAL;
	if (n < min || n > max)
		return -EINVAL;
	*value = n;
	return 0;
}

static int parse_value(int option, const char *word, struct cat *cat)
{
	uint64_t n = 0;

	switch (option) {
	case 's':
		if (parse_number(word, 0, INT64_MAX, &cat->out.expect))
			return wrong("-s", word, "bytes, k, M or G behind them");
		cat->out.pattern = true;
		break;
	case 'S':
		if (parse_number(word, 0, UINT64_MAX, &cat->out.seed))
			return wrong("-S", word, "a number");
		break;
	case 'c':
		if (parse_number(word, 0, UINT64_MAX, &cat->in.seed))
			return wrong("-c", word, "a number");
		cat->in.pattern = true;
		cat->in.discard = true;
		break;
	case 'e':
		if (parse_number(word, 0, INT64_MAX, &cat->in.expect))
			return wrong("-e", word, "bytes, k, M or G behind them");
		break;
	case 'm':
		if (parse_number(word, 1, LARGEST, &n))
			return wrong("-m", word, "1 to 65507 bytes");
		cat->out.piece = n;
		break;
	case 't':
		if (parse_number(word, 1, 86400, &n))
			return wrong("-t", word, "1 to 86400 seconds");
		cat->set.timeout_s = n;
		break;
	}
	return 0;
}

/* Whoever connects needs both, a listener gets from the kernel what is missing. */
static int judge_address(struct unet_carrier_want *want)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&want->sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&want->sa;
	bool any, port;

	want->sa_len = sizeof(want->sa);
	if (unet_addr_parse(want->addr, (struct sockaddr *)&want->sa,
			    &want->sa_len)) {
		fprintf(stderr, "unet-cat: %s\n", unet_error_detail());
		return EXIT_USAGE;
	}
	port = in->sin_port;	/* at the same place in both */
	any = want->sa.ss_family == AF_INET ? !in->sin_addr.s_addr :
	      IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
	if (want->listen || (port && !any))
		return 0;
	fprintf(stderr, "unet-cat: %s: no %s to connect to "
		"(allowed: 192.0.2.1:80, [2001:db8::1]:80)\n", want->addr,
		port ? "address" : "port");
	return EXIT_USAGE;
}

static int wrong_words(const char *what)
{
	fprintf(stderr, "unet-cat: %s\n", what);
	usage(stderr);
	return EXIT_USAGE;
}

static int parse_option(int option, struct cat *cat)
{
	switch (option) {
	case 'i':
		cat->set.want.dev = optarg;
		return 0;
	case 'k':
		cat->set.kernel = true;
		return 0;
	case 'l':
		cat->set.want.listen = true;
		return 0;
	case 'u':
		cat->set.want.udp = true;
		return 0;
	case 'd':
		cat->in.discard = true;
		return 0;
	case 'p':
		cat->set.print = true;
		return 0;
	case 'v':
		cat->set.verbose = true;
		return 0;
	case 'h':
		usage(stdout);
		exit(EXIT_SUCCESS);
	case 'V':
		printf("unet-cat %s\n", unet_version());
		exit(EXIT_SUCCESS);
	case '?':
		usage(stderr);
		return EXIT_USAGE;
	}
	return parse_value(option, optarg, cat);
}

static int parse_options(int argc, char **argv, struct cat *cat)
{
	static const struct option words[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "i:klus:S:dc:e:m:pvt:hV",
				     words, NULL)) != -1) {
		status = parse_option(option, cat);
		if (status)
			return status;
	}
	if (cat->set.want.dev && cat->set.kernel)
		return wrong_words("-i and -k exclude each other");
	if (!cat->set.want.dev && !cat->set.kernel)
		return wrong_words("-i DEV or -k is missing");
	if (optind == argc)
		return wrong_words("ADDR:PORT is missing");
	if (optind < argc - 1)
		return wrong_words("more than one ADDR:PORT");
	cat->set.want.addr = argv[optind];
	status = judge_address(&cat->set.want);
	if (status)
		return status;
	if (cat->set.want.udp && !cat->set.timeout_s)
		cat->set.timeout_s = 1;
	if (!cat->out.piece)
		cat->out.piece = cat->set.want.udp ? DATAGRAM : UNET_CAT_BUFFER;
	cat->out.datagrams = cat->set.want.udp;
	cat->in.datagrams = cat->set.want.udp;
	return 0;
}

/* ---- both directions ------------------------------------------------------- */

static int send_on(struct cat *cat, bool ready)
{
	ssize_t n;
	int err = unet_stream_fill(&cat->out, ready);

	if (err)
		return err;
	if (cat->out.len) {
		n = cat->ops->send(cat->end, cat->out.buf + cat->out.first,
				   cat->out.len);
		if (n < 0)
			return n == -EAGAIN ? 0 : n;
		unet_stream_taken(&cat->out, n);
		cat->moved |= n > 0;
	}
	if (cat->out.ended && !cat->finished && cat->ops->connected(cat->end)) {
		err = cat->ops->finish(cat->end);
		if (err)
			return err == -EAGAIN ? 0 : err;
		cat->finished = true;
		cat->moved = true;
	}
	return 0;
}

static int receive_on(struct cat *cat, bool ready)
{
	int err = unet_stream_flush(&cat->in, ready);
	ssize_t n;

	if (err)
		return err;
	if (cat->in.len || cat->in.ended)
		return 0;
	n = cat->ops->recv(cat->end, cat->in.buf, sizeof(cat->in.buf));
	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	cat->moved = true;
	if (n == 0 && !cat->in.datagrams)
		cat->in.ended = true;
	return unet_stream_put(&cat->in, n);
}

static bool is_done(const struct cat *cat)
{
	return cat->finished && cat->in.ended && !cat->in.len &&
	       cat->ops->finished(cat->end);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) + (now.tv_nsec - start->tv_nsec) / 1e9;
}

static void set_poll(struct pollfd *fd, int number, int events, bool wanted)
{
	fd->fd = wanted ? number : -1;
	fd->events = events;
	fd->revents = 0;
}

/* Sleep until something can go on; tells whether stdin and stdout can. */
static void wait_for_more(struct cat *cat, bool *input, bool *output)
{
	struct pollfd fds[3];
	int timeout, most = -1;
	bool awake;

	set_poll(&fds[0], cat->out.fd, POLLIN,
		 !cat->out.pattern && !cat->out.len && !cat->out.ended);
	set_poll(&fds[1], cat->in.fd, POLLOUT, cat->in.len);
	set_poll(&fds[2], -1, 0, true);
	timeout = cat->ops->poll(cat->end, cat->out.len,
				 !cat->in.len && !cat->in.ended, &fds[2]);
	if (cat->moved)
		timeout = 0;
	else if (cat->set.timeout_s)
		most = 200;	/* look at the clock now and then */
	if (most >= 0 && (timeout < 0 || timeout > most))
		timeout = most;
	awake = poll(fds, 3, timeout) > 0;
	*input = awake && fds[0].revents;
	*output = awake && fds[1].revents;
}

static void say_connected(struct cat *cat)
{
	if (cat->said_connected || !cat->ops->connected(cat->end))
		return;
	cat->said_connected = true;
	clock_gettime(CLOCK_MONOTONIC, &cat->started);
	if (cat->set.verbose)
		fprintf(stderr, "unet-cat: connected\n");
}

static int one_turn(struct cat *cat)
{
	bool input, output;
	int err;

	wait_for_more(cat, &input, &output);
	cat->moved = false;
	err = cat->ops->turn(cat->end);
	if (err)
		return err;
	say_connected(cat);
	err = send_on(cat, input);
	if (!err)
		err = receive_on(cat, output);
	if (cat->moved)
		clock_gettime(CLOCK_MONOTONIC, &cat->last_move);
	return err;
}

static int carry(struct cat *cat)
{
	int err;

	clock_gettime(CLOCK_MONOTONIC, &cat->last_move);
	cat->started = cat->last_move;
	while (!is_done(cat)) {
		err = one_turn(cat);
		if (err)
			return err;
		if (cat->set.timeout_s &&
		    seconds_since(&cat->last_move) >= cat->set.timeout_s)
			return cat->set.want.udp ? 0 : -ETIMEDOUT;
		if (cat->finished && cat->in.ended && !cat->in.len &&
		    seconds_since(&cat->last_move) >= LEAVE_S)
			return -ETIMEDOUT;
	}
	return 0;
}

static int complain(const struct cat *cat, int err)
{
	if (err != -EBADMSG)	/* which has been told */
		fprintf(stderr, "unet-cat: %s: %s\n", cat->set.want.addr,
			cat->set.kernel ? strerror(-err) : unet_strerror(err));
	return EXIT_FAILURE;
}

static void say_listening(struct cat *cat)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char text[80];

	if (cat->ops->name(cat->end, (struct sockaddr *)&addr, &len) ||
	    unet_addr_text((struct sockaddr *)&addr, text, sizeof(text)))
		return;
	fprintf(stderr, "unet-cat: listening on %s\n", text);
}

static bool kernel_chose_port(const struct unet_carrier_want *want)
{
	return !((const struct sockaddr_in *)&want->sa)->sin_port;
}

static int run(struct cat *cat)
{
	double seconds;
	int err;

	cat->end = cat->ops->open(&cat->set.want);
	if (!cat->end)
		return EXIT_FAILURE;
	if (cat->set.want.listen &&
	    (cat->set.verbose || kernel_chose_port(&cat->set.want)))
		say_listening(cat);
	err = carry(cat);
	seconds = seconds_since(&cat->started);
	if (cat->set.print) {
		unet_stream_print(&cat->out, "sent", seconds);
		unet_stream_print(&cat->in, "received", seconds);
		if (!cat->set.want.udp)
			fprintf(stderr, "segments sent again: %u\n",
				cat->ops->resent(cat->end));
	}
	if (err)
		return complain(cat, err);
	if (cat->in.expect != UINT64_MAX && cat->in.bytes < cat->in.expect) {
		fprintf(stderr, "unet-cat: received %" PRIu64 " bytes, expected %"
			PRIu64 "\n", cat->in.bytes, cat->in.expect);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct cat cat = {
		.out = { .seed = 1, .expect = UINT64_MAX, .fd = STDIN_FILENO },
		.in = { .expect = UINT64_MAX, .fd = STDOUT_FILENO },
	};
	int status = parse_options(argc, argv, &cat);

	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN);	/* write() tells */
	cat.ops = cat.set.kernel ? &unet_carrier_kernel : &unet_carrier_unet;
	if (unet_stream_init(&cat.out) || unet_stream_init(&cat.in))
		status = complain(&cat, -ENOMEM);
	else
		status = run(&cat);
	cat.ops->close(cat.end);
	unet_stream_exit(&cat.out);
	unet_stream_exit(&cat.in);
	return status;
}
