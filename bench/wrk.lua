-- Requests with one token after the other; the result as one line of JSON.
-- Arguments: token file (one a line; "-": none), index of the first token, path up to the number, bytes of an answer's body.
local requests = {}
local next_request = 0
local body_bytes = 0

function init(args)
  local tokens = {}
  if args[1] ~= "-" then
    for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  end
  local count = math.max(#tokens, 1000)
  for i = 1, count do
    local fields = {}
    if #tokens > 0 then fields["Authorization"] = "Bearer " .. tokens[(i - 1) % #tokens + 1] end
    requests[i] = wrk.format("GET", args[3] .. i, fields)
  end
  next_request = tonumber(args[2]) % count
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"us":%d,"bytes":%d,"p50":%d,"p99":%d,"p999":%d,"max":%d,' ..
    '"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
