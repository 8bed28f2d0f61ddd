/* SPDX-License-Identifier: MIT */
/* The application both TCP rivals run: services of the server, client's runs. */
#ifndef BENCH_TCP_H
#define BENCH_TCP_H

#include <stdint.h>

#define SINK_PORT	9101	/* reads to the end of the stream, then closes */
#define SOURCE_PORT	9102	/* sends as many bytes as a u64 asks for, then closes */
#define ECHO_PORT	9103	/* sends back what it gets */

#define CHUNK_BYTES	(128u << 10)	/* of one send or receive call, as iperf3 */
#define MESSAGE_BYTES	64u		/* a request, and a response */

/**
 * struct tcp_result - what a run of the client took
 * @start:	CLOCK_MONOTONIC ns when everything was connected
 * @end:	when the last byte had come back
 * @bytes:	payload moved
 * @trips:	round trips made
 * @median:	of the times of round trips, ns; 0 where they are not taken one by one
 * @p99:	what 99 of 100 of them took at most
 */
struct tcp_result {
	uint64_t start;
	uint64_t end;
	uint64_t bytes;
	uint64_t trips;
	uint64_t median;
	uint64_t p99;
};

/* Serves for ever. */
void tcp_serve(const char *addr);

/* One function a kind of run; amount is bytes or round trips in all. */
typedef void (*tcp_run_fn)(const char *addr, uint32_t conns, uint64_t amount,
			   struct tcp_result *result);

void tcp_send_stream(const char *addr, uint32_t conns, uint64_t amount,
		     struct tcp_result *result);
void tcp_recv_stream(const char *addr, uint32_t conns, uint64_t amount,
		     struct tcp_result *result);
void tcp_request(const char *addr, uint32_t conns, uint64_t amount,
		 struct tcp_result *result);
void tcp_connect_request(const char *addr, uint32_t conns, uint64_t amount,
			 struct tcp_result *result);

/*
 * Kills the server under round trips on all connections. From @start on, the
 * kill, to @end, when each has been told; @trips of them were.
 */
void tcp_bereave(const char *addr, uint32_t conns, uint64_t server,
		 struct tcp_result *result);

uint64_t tcp_now_ns(void);
void tcp_die(const char *what, long err) __attribute__((noreturn));

extern uint8_t tcp_chunk[CHUNK_BYTES];

#endif /* BENCH_TCP_H */
