// SPDX-License-Identifier: MIT
#include "seq_tree.h"

#include "seq.h"

/* Cut @t into the nodes before @seq and the rest. */
static void split(struct unet_seq_node *t, u32 seq, struct unet_seq_node **left,
		  struct unet_seq_node **right)
{
	while (t) {
		if (seq_lt(t->seq, seq)) {
			*left = t;
			left = &t->right;
			t = t->right;
		} else {
			*right = t;
			right = &t->left;
			t = t->left;
		}
	}
	*left = NULL;
	*right = NULL;
}

/* Join two trees of which every key of @a is before every key of @b. */
static struct unet_seq_node *join(struct unet_seq_node *a,
				  struct unet_seq_node *b)
{
	struct unet_seq_node *root = NULL, **at = &root;

	while (a && b) {
		if (a->prio >= b->prio) {
			*at = a;
			at = &a->right;
			a = a->right;
		} else {
			*at = b;
			at = &b->left;
			b = b->left;
		}
	}
	*at = a ? a : b;
	return root;
}

/**
 * unet_seq_tree_insert() - add a node
 * @root:	of the tree
 * @node:	@seq and @prio are set; @seq is not yet in the tree
 *
 * Context: O(log n) expected.
 */
void unet_seq_tree_insert(struct unet_seq_node **root,
			  struct unet_seq_node *node)
{
	struct unet_seq_node **at = root;

	while (*at && (*at)->prio >= node->prio)
		at = seq_lt(node->seq, (*at)->seq) ? &(*at)->left :
						     &(*at)->right;
	split(*at, node->seq, &node->left, &node->right);
	*at = node;
}

/**
 * unet_seq_tree_erase() - take a node out
 * @root:	of the tree
 * @node:	in the tree
 *
 * Context: O(log n) expected.
 */
void unet_seq_tree_erase(struct unet_seq_node **root,
			 struct unet_seq_node *node)
{
	struct unet_seq_node **at = root;

	while (*at != node)
		at = seq_lt(node->seq, (*at)->seq) ? &(*at)->left :
						     &(*at)->right;
	*at = join(node->left, node->right);
}

/**
 * unet_seq_tree_floor() - the last node at or before a number
 * @root:	of the tree
 * @seq:	number
 *
 * Return: the node, or NULL when every key is after @seq.
 */
struct unet_seq_node *unet_seq_tree_floor(struct unet_seq_node *root, u32 seq)
{
	struct unet_seq_node *best = NULL;

	while (root) {
		if (seq_leq(root->seq, seq)) {
			best = root;
			root = root->right;
		} else {
			root = root->left;
		}
	}
	return best;
}
