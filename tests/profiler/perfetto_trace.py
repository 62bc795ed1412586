"""Reads Perfetto traces the way a viewer does."""

from torch_npu.profiler.report.perfetto_schema import Trace


class Track:
    """Slices of one track, rebuilt the way a viewer does it."""

    def __init__(self, process: str, name: str) -> None:
        self.process, self.name = process, name
        self.open: list = []
        self.slices: list[tuple] = []  # name, begin, end, depth

    def add(self, event, time: int, name: str) -> None:
        if event.type == 1:
            self.open.append((name, time, len(self.open)))
            return
        begun, begin, depth = self.open.pop()
        assert begin <= time
        self.slices.append((begun, begin, time, depth))


class PerfettoTrace:
    def __init__(self, data: bytes) -> None:
        trace = Trace()
        trace.ParseFromString(data)
        names, self.tracks, processes = {}, {}, {}
        self.flows_from, self.flows_to = {}, {}
        for position, packet in enumerate(trace.packet):
            assert packet.sequence_flags == (2 if position else 1)
            for entry in packet.interned_data.event_names:
                names[entry.iid] = entry.name
            if packet.HasField("track_descriptor"):
                track = packet.track_descriptor
                if track.HasField("process"):
                    processes[track.uuid] = track.process.process_name
                else:
                    self.tracks[track.uuid] = Track(processes[track.parent_uuid], track.name)
            if packet.HasField("track_event"):
                event = packet.track_event
                name = names[event.name_iid] if event.type == 1 else ""
                self.tracks[event.track_uuid].add(event, packet.timestamp, name)
                place = (event.track_uuid, name, packet.timestamp)
                self.flows_from |= dict.fromkeys(event.flow_ids, place)
                self.flows_to |= dict.fromkeys(event.terminating_flow_ids, place)
        assert not any(track.open for track in self.tracks.values())

    def slices(self, process: str) -> list[tuple]:
        return [
            s for track in self.tracks.values() if track.process == process for s in track.slices
        ]
