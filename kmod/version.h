/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNET_VERSION_H
#define _UNET_VERSION_H

#define UNET_VERSION	"0.1.0"

#endif /* _UNET_VERSION_H */
