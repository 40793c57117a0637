-- An exact sliding window: never more than `limit` units in any window of `win` ms. The arithmetic of sliding-window.ts.
-- KEYS[1]: the window. ARGV: limit, window ms, grain ms, slice to give a unit back to (-1: take a unit) [, now ms: tests only]
-- Value: <I4 units>, then (<I6 ms of the newest unit in the slice>, <I4 units>)*, oldest first, one slice a cell of `grain` ms.
-- A slice counts as a whole until its newest unit is `win` ms old. Answers {allowed, remaining, reset ms, slice}.
local limit, win, grain, slice = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local v = redis.call('GET', KEYS[1]) or struct.pack('<I4', 0)
local sum, pos, n = struct.unpack('<I4', v), 5, #v
if n % 10 ~= 4 then return redis.error_reply('NOTAWINDOW the key holds something else') end

if slice >= 0 then
  for p = n - 9, 5, -10 do               -- newest first: a unit is given back soon after it was taken
    local last, c = struct.unpack('<I6I4', v, p)
    if last - last % grain == slice then
      local rest = c > 1 and struct.pack('<I6I4', last, c - 1) or ''
      v = struct.pack('<I4', sum - 1) .. string.sub(v, 5, p - 1) .. rest .. string.sub(v, p + 10)
      redis.call('SET', KEYS[1], v, 'KEEPTTL')
      return 1
    end
  end
  return 0
end

local now = tonumber(ARGV[5])
if not now then local t = redis.call('TIME'); now = t[1] * 1000 + math.floor(t[2] / 1000) end
local start = now - now % grain

local set_back = n > 4 and struct.unpack('<I6', v, n - 9) > now
if set_back then                         -- the clock was set back: what it calls the future happened by now
  local units, p = 0, n - 9
  while p > 4 do
    local last, c = struct.unpack('<I6I4', v, p)
    if last < start then break end
    units = units + c; p = p - 10
  end
  v = string.sub(v, 1, p + 9) .. struct.pack('<I6I4', now, units)
  n = #v
end

while pos < n do                         -- skip expired slices
  local last, c = struct.unpack('<I6I4', v, pos)
  if last > now - win then break end
  sum = sum - c; pos = pos + 10
end

local function free_in(need)             -- ms until `need` units have left the window
  local p = pos
  while p < n do
    local last, c = struct.unpack('<I6I4', v, p)
    need = need - c
    if need <= 0 then return last + win - now end
    p = p + 10
  end
  return win
end

if sum >= limit then                     -- a denied check writes nothing, unless it would stay denied until the old time
  local reset = free_in(sum + 1 - limit)
  if set_back then redis.call('SET', KEYS[1], struct.pack('<I4', sum) .. string.sub(v, pos), 'PX', win) end
  return {0, 0, reset, 0}
end

local count = 0
if pos < n then
  local last, c = struct.unpack('<I6I4', v, n - 9)
  if last >= start then count = c; n = n - 10 end
end
v = struct.pack('<I4', sum + 1) .. string.sub(v, pos, n) .. struct.pack('<I6I4', now, count + 1)
pos, n = 5, #v
redis.call('SET', KEYS[1], v, 'PX', win)
return {1, limit - sum - 1, free_in(1), start}
