// SPDX-License-Identifier: MIT
/*
 * bench_idle CONNECTIONS: what an idle TCP connection of the kernel's takes of its memory,
 * by its own account (/proc/slabinfo): socket, inode, entry, file, port. Each is made,
 * used once in each direction, and left alone; both its ends are counted, and halved.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT	7000
#define FEW	50	/* of each kind there is room for some before it takes more */

/* Bytes of all objects in use; 0: nobody tells. */
static uint64_t slab_bytes(void)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	uint64_t active, total, size, sum = 0;
	char line[512], name[64];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %" SCNu64 " %" SCNu64 " %" SCNu64, name, &active,
			   &total, &size) == 4)
			sum += active * size;
	if (f)
		fclose(f);
	return sum;
}

static int listen_here(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	return bind(fd, (void *)at, sizeof(*at)) || listen(fd, 10) ? -1 : fd;
}

static int say(int from, int to)
{
	char c = 'x';

	return write(from, &c, 1) == 1 && read(to, &c, 1) == 1 ? 0 : -1;
}

static int make(int listener, const struct sockaddr_in *at, int n)
{
	while (n-- > 0) {
		int client = socket(AF_INET, SOCK_STREAM, 0), server;

		if (client < 0 || connect(client, (const void *)at, sizeof(*at)))
			return -1;
		server = accept(listener, NULL, NULL);
		if (server < 0 || say(client, server) || say(server, client))
			return -1;
	}
	/* The last acknowledgements are late, and what they end is freed behind RCU. */
	sleep(1);
	return 0;
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? atoi(argv[1]) : 0, listener;
	struct rlimit files = { 2 * (n + FEW) + 16, 2 * (n + FEW) + 16 };
	struct sockaddr_in at;
	uint64_t before;

	if (n < 1) {
		fprintf(stderr, "usage: bench_idle CONNECTIONS\n");
		return 2;
	}
	listener = listen_here(&at);
	if (setrlimit(RLIMIT_NOFILE, &files) || listener < 0 || make(listener, &at, FEW)) {
		perror("bench_idle");
		return 1;
	}
	before = slab_bytes();
	if (!before || make(listener, &at, n)) {
		perror("bench_idle");
		return 1;
	}
	printf("{\"bench\":\"memory\",\"way\":\"kernel\",\"connections\":%d,\"bytes\":%" PRIu64
	       "}\n", n, (slab_bytes() - before) / (2 * (uint64_t)n));
	return 0;
}
