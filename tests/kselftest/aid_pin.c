// SPDX-License-Identifier: MIT
/* libs: -lbpf */
/*
 * aid_pin PATH BYTE: pins at PATH, in a file system of type bpf, a socket filter that
 * answers that byte of the packet.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf_hand.h"

int main(int argc, char **argv)
{
	int fd;

	if (argc != 3)
		return 2;
	fd = load_byte(atoi(argv[2]));
	if (fd < 0 || bpf_obj_pin(fd, argv[1])) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
