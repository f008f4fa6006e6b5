import { LAN } from './ground.ts';

/** The card's front door, as its LAN sees it. */
export const FRONT = `http://127.0.0.1:${LAN.web}`;

/** Programs of python3-caldav, told as little as a telephone is. argv: address, name, password. */
const OPEN = `
import sys, caldav
client = caldav.DAVClient(url=sys.argv[1], username=sys.argv[2], password=sys.argv[3])
calendar = client.principal().calendars()[0]
`;

const SHOW = 'print(calendar.name, [event.vobject_instance.vevent.summary.value for event in calendar.events()])\n';

/** Prints what the calendar holds. */
export const LIST_EVENTS = OPEN + SHOW;

/** Writes an event, and prints what the calendar then holds. */
export const WRITE_EVENT = `${OPEN}
calendar.save_event("BEGIN:VCALENDAR\\r\\nVERSION:2.0\\r\\nPRODID:semeur\\r\\nBEGIN:VEVENT\\r\\nUID:harvest@semeur\\r\\n"
    "DTSTAMP:20261125T090000Z\\r\\nDTSTART:20261201T140000Z\\r\\nDTEND:20261201T160000Z\\r\\nSUMMARY:Cueillette du thym\\r\\nEND:VEVENT\\r\\nEND:VCALENDAR\\r\\n")
${SHOW}`;
