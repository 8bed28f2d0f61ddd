/* SPDX-License-Identifier: MIT */
/*
 * Two hosts for a test: the calling process lives in one network namespace
 * with device "va", a parked child holds the other with device "vb". Nothing
 * has a name outside, so nothing is left when the processes end.
 *
 *   ours (va)  10.9.0.2/24 fd09::2/64  <--veth-->  10.9.0.1/24 fd09::1/64 (vb) peer
 *
 * Each knows the other's device from the beginning. Else what is sent first waits until
 * that is found out, and leaves from the CPU that hears of it, behind or before what
 * another CPU sends meanwhile: order and counts would be those of the resolution.
 */
#ifndef UNET_TEST_TOPO_H
#define UNET_TEST_TOPO_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtnl.h"

#define OUR_V4	"10.9.0.2"
#define PEER_V4	"10.9.0.1"
#define OUR_V6	"fd09::2"
#define PEER_V6	"fd09::1"

struct topo {
	pid_t peer;	/* parked in the peer's namespace */
	int ns_ours;
	int ns_peer;
};

/* Run a shell command; its exit status, output only when it fails. */
static inline int __attribute__((format(printf, 1, 2))) sh(const char *fmt, ...)
{
	char cmd[1024], quiet[1100];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	snprintf(quiet, sizeof(quiet),
		 "out=$( { %s; } 2>&1 ) || { rc=$?; echo \"# $out\"; exit $rc; }",
		 cmd);
	fflush(stdout);
	rc = system(quiet);
	if (rc)
		printf("# '%s' exited with %d\n", cmd, WEXITSTATUS(rc));
	return rc ? WEXITSTATUS(rc) : 0;
}

/* Run a shell command in the peer's namespace. */
#define sh_peer(t, fmt, ...) \
	sh("nsenter -t %d -n sh -c '" fmt "'", (int)(t)->peer, ##__VA_ARGS__)

/* In the namespace this process is in: no time is lost to address checks. */
static inline int topo_no_dad(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/accept_dad",
		      O_WRONLY | O_CLOEXEC);
	int err = write(fd, "0", 1) == 1 ? 0 : -EIO;

	close(fd);
	return err;
}

static inline pid_t topo_park(void)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) || topo_no_dad() ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &c, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

/* A process that does @fn, which writes a byte to @ready once it is. Its pid, or -1. */
static inline pid_t topo_start(void (*fn)(int ready, void *arg), void *arg)
{
	int ready[2];
	pid_t pid;
	char b;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(ready[1], arg);
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &b, 1) != 1) {
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

static inline int topo_open_ns(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* One side, in the namespace this process is in. */
static inline int topo_side(const char *dev, const char *v4, const char *v6)
{
	return rtnl_up("lo") || rtnl_addr(dev, v4, 24) || rtnl_addr(dev, v6, 64) ||
	       rtnl_up(dev) ? -EIO : 0;
}

/* What is at the other end of @dev, in the namespace this process is in. */
static inline int topo_know(const char *dev, const char *v4, const char *v6,
			    const uint8_t *mac)
{
	return rtnl_neigh(dev, v4, mac) || rtnl_neigh(dev, v6, mac) ? -EIO : 0;
}

/* The other side, from this namespace: it knows of @ours, and @theirs is told. */
static inline int topo_peer_side(const uint8_t *ours, uint8_t *theirs)
{
	return topo_side("vb", PEER_V4, PEER_V6) || rtnl_mac("vb", theirs) ||
	       topo_know("vb", OUR_V4, OUR_V6, ours) || rtnl_await("vb", PEER_V6) ? -EIO : 0;
}

/*
 * No program is started: each costs an emulated machine a tenth of a second, and
 * this runs hundreds of times.
 */
static inline int topo_setup(struct topo *t)
{
	uint8_t ours[6], theirs[6];
	int err;

	if (unshare(CLONE_NEWNET) || topo_no_dad())
		return -errno;
	t->peer = topo_park();
	if (t->peer < 0)
		return -EIO;
	t->ns_ours = topo_open_ns(getpid());
	t->ns_peer = topo_open_ns(t->peer);
	if (rtnl_veth("va", "vb", t->peer) || topo_side("va", OUR_V4, OUR_V6) ||
	    rtnl_mac("va", ours))
		return -EIO;
	if (setns(t->ns_peer, CLONE_NEWNET))
		return -errno;
	err = topo_peer_side(ours, theirs);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	if (err || topo_know("va", PEER_V4, PEER_V6, theirs) || rtnl_await("va", OUR_V6))
		return -EIO;
	return 0;
}

static inline void topo_teardown(struct topo *t)
{
	if (t->peer > 0) {
		kill(t->peer, SIGKILL);
		waitpid(t->peer, NULL, 0);
	}
	close(t->ns_ours);
	close(t->ns_peer);
}

/* A socket that lives in the peer's namespace. */
static inline int peer_socket_of(struct topo *t, int family, int type, int proto)
{
	int fd;

	if (setns(t->ns_peer, CLONE_NEWNET))
		return -1;
	fd = socket(family, type | SOCK_CLOEXEC, proto);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return fd;
}

static inline int peer_socket(struct topo *t, int family, int type)
{
	return peer_socket_of(t, family, type, 0);
}

/* "10.9.0.1" or "fd09::1" and a port in host order, as a socket address. */
static inline socklen_t addr_of(struct sockaddr_storage *ss, const char *text,
				int port)
{
	struct sockaddr_in6 *v6 = (void *)ss;
	struct sockaddr_in *v4 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		abort();
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

static inline int bind_to(int fd, const char *text, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_of(&ss, text, port);

	return bind(fd, (void *)&ss, len) ? -errno : 0;
}

static inline int connect_to(int fd, const char *text, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_of(&ss, text, port);

	return connect(fd, (void *)&ss, len) ? -errno : 0;
}

static inline int send_to(int fd, const char *text, int port,
			  const void *data, size_t bytes)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_of(&ss, text, port);

	return sendto(fd, data, bytes, 0, (void *)&ss, len) < 0 ? -errno : 0;
}

#endif
