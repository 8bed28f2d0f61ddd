/* SPDX-License-Identifier: MIT */
#ifndef UNET_SEQ_TREE_H
#define UNET_SEQ_TREE_H

#include "core_os.h"

/**
 * struct unet_seq_node - a place in a tree ordered by sequence number
 * @left:	nodes with smaller keys
 * @right:	nodes with larger keys
 * @seq:	key; may be changed in place as long as the order stays the same
 * @prio:	random, from the caller; a parent's is never below its children's
 *
 * A treap: with priorities the peer cannot guess, depth stays near
 * 2 log2(n) whatever keys the peer chooses. Embedded in what it orders; all
 * keys of one tree lie within 2^31 of each other.
 */
struct unet_seq_node {
	struct unet_seq_node *left;
	struct unet_seq_node *right;
	u32 seq;
	u32 prio;
};

void unet_seq_tree_insert(struct unet_seq_node **root,
			  struct unet_seq_node *node);
void unet_seq_tree_erase(struct unet_seq_node **root,
			 struct unet_seq_node *node);
struct unet_seq_node *unet_seq_tree_floor(struct unet_seq_node *root, u32 seq);

#endif /* UNET_SEQ_TREE_H */
