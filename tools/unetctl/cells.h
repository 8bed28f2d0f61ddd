/* SPDX-License-Identifier: MIT */
/*
 * Cells and values that are made of several attributes of a struct unet_reply,
 * as the functions of struct unet_output_field want them.
 */
#ifndef UNETCTL_CELLS_H
#define UNETCTL_CELLS_H

#include <jansson.h>

void unet_cell_owner(const void *row, char *buf);		/* httpd[812] */
void unet_cell_local(const void *row, char *buf);		/* 10.0.0.2:8080 */
void unet_cell_remote(const void *row, char *buf);
void unet_cell_batch(const void *row, char *buf);		/* packets a batch */
void unet_cell_rx_bytes(const void *row, char *buf);		/* 1.2 MB */
void unet_cell_tx_bytes(const void *row, char *buf);
void unet_cell_arena_bytes(const void *row, char *buf);
void unet_cell_none(const void *row, char *buf);

json_t *unet_json_local_addr(const void *row);
json_t *unet_json_remote_addr(const void *row);

#endif
