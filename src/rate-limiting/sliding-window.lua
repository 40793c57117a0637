-- Exact sliding windows: never more than `limit` units in any window of `win` ms. The arithmetic of sliding-window.ts.
-- KEYS: a window for each order; orders are carried out in turn, and a window may come again.
-- ARGV: for each order "limit <window ms> <grain ms> <slice to give a unit back to; -1: take a unit>[ <now ms>: tests only]"
-- Answers four numbers for each order: allowed, remaining, reset ms, slice; zeros when a unit was given back. What is wrong
-- with one window is an error in the place of its first number, and leaves the others alone.
-- Value: <I4 units>, then (<I6 ms of the newest unit in the slice>, <I4 units>)*, oldest first, one slice a cell of `grain` ms.
-- A slice counts as a whole until its newest unit is `win` ms old.
local try, pack, unpack, sub = redis.pcall, struct.pack, struct.unpack, string.sub
local time

local function redis_now()
  if not time then
    local t = redis.call('TIME')
    time = t[1] * 1000 + math.floor(t[2] / 1000)
  end
  return time
end

local function give_back(key, v, grain, slice)
  for p = #v - 9, 5, -10 do              -- newest first: a unit is given back soon after it was taken
    local last, c = unpack('<I6I4', v, p)
    if last - last % grain == slice then
      local rest = c > 1 and pack('<I6I4', last, c - 1) or ''
      v = pack('<I4', unpack('<I4', v) - 1) .. sub(v, 5, p - 1) .. rest .. sub(v, p + 10)
      return try('SET', key, v, 'KEEPTTL').err
    end
  end
end

local function free_in(v, pos, need, win, now) -- ms until `need` units of the slices from `pos` on have left the window
  for p = pos, #v - 9, 10 do
    local last, c = unpack('<I6I4', v, p)
    need = need - c
    if need <= 0 then return last + win - now end
  end
  return win
end

-- The clock was set back: what it calls the future happened by now.
local function merge_future(v, start, now)
  local units, p = 0, #v - 9
  while p > 4 do
    local last, c = unpack('<I6I4', v, p)
    if last < start then break end
    units = units + c; p = p - 10
  end
  return sub(v, 1, p + 9) .. pack('<I6I4', now, units)
end

local function take(key, v, limit, win, grain, now)
  local sum, pos, n = unpack('<I4', v), 5, #v
  local start = now - now % grain
  local last, count                      -- of the newest slice
  if n > 4 then last, count = unpack('<I6I4', v, n - 9) end
  local set_back = last and last > now
  if set_back then
    v = merge_future(v, start, now)
    n = #v
    last, count = unpack('<I6I4', v, n - 9)
  end

  while pos < n do                       -- skip expired slices
    local old, c = unpack('<I6I4', v, pos)
    if old > now - win then break end
    sum = sum - c; pos = pos + 10
  end

  if sum >= limit then                   -- a denied check writes nothing, unless it would stay denied until the old time
    local err = set_back and try('SET', key, pack('<I4', sum) .. sub(v, pos), 'PX', win).err
    return err, 0, 0, free_in(v, pos, sum + 1 - limit, win, now), 0
  end

  if pos < n and last >= start then n = n - 10 else count = 0 end
  v = pack('<I4', sum + 1) .. sub(v, pos, n) .. pack('<I6I4', now, count + 1)
  return try('SET', key, v, 'PX', win).err, 1, limit - sum - 1, free_in(v, 5, 1, win, now), start
end

local orders, out, at = {}, {}, 0        -- most orders of a call say the same: each text is read once
for i, key in ipairs(KEYS) do
  local text = ARGV[i]
  local order = orders[text]
  if not order then
    order = {}
    for word in string.gmatch(text, '%S+') do order[#order + 1] = tonumber(word) end
    orders[text] = order
  end
  local limit, win, grain, slice, now = order[1], order[2], order[3], order[4], order[5]
  local v = try('GET', key) or pack('<I4', 0)
  local err, allowed, remaining, reset, taken = nil, 0, 0, 0, 0
  if type(v) == 'table' then err = v.err
  elseif #v % 10 ~= 4 then err = 'NOTAWINDOW the key holds something else'
  elseif slice >= 0 then err = give_back(key, v, grain, slice)
  else err, allowed, remaining, reset, taken = take(key, v, limit, win, grain, now or redis_now()) end
  out[at + 1], out[at + 2], out[at + 3], out[at + 4] = err and { err = err } or allowed, remaining, reset, taken
  at = at + 4
end
return out
