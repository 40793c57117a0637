-- Requests from one client address after the other (X-Forwarded-For); the result as wrk.lua prints it.
-- Arguments: token file (one a line; "-": none), number of the first address, path up to the number.
dofile((debug.getinfo(1, "S").source:gsub("^@", ""):gsub("growth/addresses%.lua$", "wrk.lua")))

local heads = {}
local next_address = 0

function init(args)
  local bare = wrk.format("GET", args[3] .. "1"):gsub("\r\n\r\n$", "\r\n")
  if args[1] == "-" then
    heads[1] = bare .. "X-Forwarded-For: 10."
  else
    for token in io.lines(args[1]) do
      heads[#heads + 1] = bare .. "Authorization: Bearer " .. token .. "\r\nX-Forwarded-For: 10."
    end
  end
  next_address = tonumber(args[2])
end

function request()
  local n = next_address % 16777216
  next_address = next_address + 1
  return heads[n % #heads + 1] .. math.floor(n / 65536) .. "." .. math.floor(n / 256) % 256 .. "." .. n % 256 .. "\r\n\r\n"
end
