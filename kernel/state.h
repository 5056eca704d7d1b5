/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_STATE_H
#define _SLUICE_STATE_H

#include <uapi/linux/sluice.h>

/**
 * enum sluice_session_event - what moves a session from state to state
 * @SLUICE_EVENT_HANDSHAKE: the driver asks for a handshake
 * @SLUICE_EVENT_OPENED: the socket has its keys
 * @SLUICE_EVENT_SHUTDOWN: the driver sends no more
 * @SLUICE_EVENT_ENDED: both sides have said close_notify
 * @SLUICE_EVENT_FAILED: an error
 * @SLUICE_EVENT_CLOSED: the driver has closed the session
 */
enum sluice_session_event {
	SLUICE_EVENT_HANDSHAKE,
	SLUICE_EVENT_OPENED,
	SLUICE_EVENT_SHUTDOWN,
	SLUICE_EVENT_ENDED,
	SLUICE_EVENT_FAILED,
	SLUICE_EVENT_CLOSED,
};

enum sluice_session_state sluice_state_next(enum sluice_session_state state,
					    enum sluice_session_event event);

#endif /* _SLUICE_STATE_H */
