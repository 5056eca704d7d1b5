/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sluice

#if !defined(_SLUICE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SLUICE_TRACE_H

#include <linux/tracepoint.h>

#include "conn.h"
#include "session.h"

TRACE_EVENT(sluice_attach,
	    TP_PROTO(const struct sluice_conn *conn),
	TP_ARGS(conn),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u16, cipher)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->id = conn->id;
		__entry->cipher = conn->cipher->type;
		__entry->flags = conn->flags;
	),
	TP_printk("id=%llu cipher=%u flags=%#x",
		  __entry->id, __entry->cipher, __entry->flags)
);

TRACE_EVENT(sluice_key_update,
	    TP_PROTO(const struct sluice_conn *conn, bool tx, bool requested),
	TP_ARGS(conn, tx, requested),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, generation)
		__field(bool, tx)
		__field(bool, requested)
	),
	TP_fast_assign(
		__entry->id = conn->id;
		__entry->generation = tx ? conn->tx_key_updates :
					   conn->rx_key_updates;
		__entry->tx = tx;
		__entry->requested = requested;
	),
	TP_printk("id=%llu %s generation=%llu requested=%d",
		  __entry->id, __entry->tx ? "tx" : "rx", __entry->generation,
		  __entry->requested)
);

TRACE_EVENT(sluice_alert,
	    TP_PROTO(const struct sluice_conn *conn, bool tx, u8 alert),
	TP_ARGS(conn, tx, alert),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(bool, tx)
		__field(u8, alert)
	),
	TP_fast_assign(
		__entry->id = conn->id;
		__entry->tx = tx;
		__entry->alert = alert;
	),
	TP_printk("id=%llu %s alert=%u",
		  __entry->id, __entry->tx ? "tx" : "rx", __entry->alert)
);

TRACE_EVENT(sluice_rx_end,
	    TP_PROTO(const struct sluice_conn *conn, u8 state, int error),
	TP_ARGS(conn, state, error),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u8, state)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->id = conn->id;
		__entry->state = state;
		__entry->error = error;
	),
	TP_printk("id=%llu state=%u error=%d",
		  __entry->id, __entry->state, __entry->error)
);

TRACE_EVENT(sluice_close,
	    TP_PROTO(const struct sluice_conn *conn),
	TP_ARGS(conn),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u8, tx_state)
		__field(u8, rx_state)
	),
	TP_fast_assign(
		__entry->id = conn->id;
		__entry->tx_state = conn->tx_state;
		__entry->rx_state = conn->rx_state;
	),
	TP_printk("id=%llu tx_state=%u rx_state=%u",
		  __entry->id, __entry->tx_state, __entry->rx_state)
);

TRACE_EVENT(sluice_session_state,
	TP_PROTO(const struct sluice_session *session, u8 from, u8 to,
		 int error),
	TP_ARGS(session, from, to, error),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u8, from)
		__field(u8, to)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->id = session->id;
		__entry->from = from;
		__entry->to = to;
		__entry->error = error;
	),
	TP_printk("id=%llu from=%u to=%u error=%d",
		  __entry->id, __entry->from, __entry->to, __entry->error)
);

#endif /* _SLUICE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
