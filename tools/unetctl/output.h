/* SPDX-License-Identifier: MIT */
/*
 * Rows printed as a table for people or as JSON for programs, both from one
 * description: an array of fields, ended by one with neither heading nor key.
 *
 * Rows are printed as they come: a million flows take no more memory than a
 * few. A table holds back its first rows to know how wide its columns are.
 */
#ifndef UNETCTL_OUTPUT_H
#define UNETCTL_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "words.h"

/* Room for the text of one cell, its NUL included. */
#define UNET_CELL_BYTES	256

/**
 * struct unet_output_field - a column, a key, or both
 * @head:	heading of the column; NULL: not in the table
 * @key:	in the JSON object; NULL: not there
 * @attr:	UNET_A_* of a struct unet_reply row; 0 when both functions below
 *		(those that are needed) are given
 * @right:	numbers stand to the right
 * @extra:	column is only there when UNET_OUTPUT_EXTRA is asked for
 * @zero_is_null: 0 means that the kernel could not tell
 * @word:	the number is shown as this word
 * @cell:	text for the table, instead of @attr's; "" becomes "-"
 * @json:	value for JSON, instead of @attr's; a new reference, NULL when out
 *		of memory
 */
struct unet_output_field {
	const char *head;
	const char *key;
	int attr;
	bool right;
	bool extra;
	bool zero_is_null;
	unet_word_fn *word;
	void (*cell)(const void *row, char *buf);
	json_t *(*json)(const void *row);
};

struct unet_output;

#define UNET_OUTPUT_JSON	(1u << 0)	/* an array of objects */
#define UNET_OUTPUT_EXTRA	(1u << 1)	/* columns marked so, too */

/**
 * unet_output_open() - begin a table or a JSON array
 * @to:		where to; stays the caller's
 * @fields:	description, valid until the close
 * @flags:	UNET_OUTPUT_*
 *
 * Return: the output, NULL when out of memory.
 */
struct unet_output *unet_output_open(FILE *to,
				     const struct unet_output_field *fields,
				     unsigned int flags);

/**
 * unet_output_row() - print one more
 * @out: output
 * @row: what the fields' functions take; struct unet_reply where @attr is used
 *
 * Return: 0 or -errno, which unet_output_close() repeats.
 */
int unet_output_row(struct unet_output *out, const void *row);

/**
 * unet_output_failed() - an error follows: a table without rows prints nothing
 * @out: output, may be NULL
 */
void unet_output_failed(struct unet_output *out);

/**
 * unet_output_close() - finish; the output is invalid afterwards
 * @out: output, may be NULL
 *
 * Return: 0; -ENOMEM, or -EIO when something could not be written.
 */
int unet_output_close(struct unet_output *out);

/**
 * unet_output_object() - print one row as one JSON object on a line
 * @to:		where to
 * @fields:	description
 * @row:	as for unet_output_row()
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int unet_output_object(FILE *to, const struct unet_output_field *fields,
		       const void *row);

/**
 * unet_output_bytes() - a number of bytes, "999", "1.2 MB"
 * @n:   bytes
 * @buf: UNET_CELL_BYTES
 */
void unet_output_bytes(uint64_t n, char *buf);

/**
 * unet_output_addr() - an address as text
 * @addr: @len bytes, network order
 * @len:  4 or 16
 * @buf:  UNET_CELL_BYTES; "" for the all-zero address, which stands for any
 */
void unet_output_addr(const uint8_t *addr, unsigned int len, char *buf);

/**
 * unet_output_endpoint() - address and port as text, '*' for any
 * @addr: see unet_output_addr(), NULL for any
 * @len:  of @addr
 * @port: host order, 0 for any
 * @buf:  UNET_CELL_BYTES
 */
void unet_output_endpoint(const uint8_t *addr, unsigned int len, uint16_t port,
			  char *buf);

/**
 * unet_output_json_number() - JSON has signed numbers: the largest stand for more
 * @n: to print
 *
 * Return: a new reference, NULL when out of memory.
 */
json_t *unet_output_json_number(uint64_t n);

#endif
